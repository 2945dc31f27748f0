//! Bytes as a message or a hello: decoding gives an error, or a message that comes back when it is encoded.

use std::fmt::Debug;

use offmain_protocol::{VERSION, decode, decode_hello, encode_hello, encode_message};
use serde::{Serialize, de::DeserializeOwned};

pub fn try_bytes<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let decoded = decode::<T>(bytes, Vec::new());
    if let Ok(message) = &decoded {
        assert_eq!(decode::<T>(&encode_message(message), Vec::new()).as_ref(), Ok(message));
        assert_eq!(decode_hello::<T>(&encode_hello(message)).as_ref(), Ok(message));
    }
    // Nobody guesses a version.
    let hello = [&encode_message(VERSION)[..], bytes].concat();
    assert_eq!(decode_hello::<T>(&hello), decoded);
    assert!(bytes.starts_with(&encode_message(VERSION)) || decode_hello::<T>(bytes).is_err());
}
