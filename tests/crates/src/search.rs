//! tantivy: an index in memory, written by threads, and its query language.

use offmain_pool::JobContext;
use tantivy::{
    Index, IndexWriter, TantivyDocument, TantivyError,
    collector::DocSetCollector,
    doc,
    query::QueryParser,
    schema::{FAST, Schema, TEXT},
};

use crate::Search;

/// The least that a writing thread of tantivy asks for.
const BYTES_PER_THREAD: usize = 15 << 20;
const THREADS: usize = 2;

pub fn search(job: Search, _: &JobContext<Search>) -> Result<Vec<u32>, String> {
    find(&job).map_err(|error| error.to_string())
}

fn find(job: &Search) -> Result<Vec<u32>, TantivyError> {
    let mut schema = Schema::builder();
    let number = schema.add_u64_field("number", FAST);
    let text = schema.add_text_field("text", TEXT);
    let index = Index::create_in_ram(schema.build());
    let mut writer: IndexWriter<TantivyDocument> = index.writer_with_num_threads(THREADS, THREADS * BYTES_PER_THREAD)?;
    for i in 0..job.documents {
        writer.add_document(doc!(number => u64::from(i), text => words(i)))?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;

    let searcher = index.reader()?.searcher();
    let query = QueryParser::for_index(&index, vec![text]).parse_query(&job.query)?;
    let mut numbers = Vec::new();
    for address in searcher.search(&query, &DocSetCollector)? {
        let column = searcher.segment_reader(address.segment_ord).fast_fields().u64("number")?;
        numbers.extend(column.first(address.doc_id).map(|number| number as u32));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// What a child would say, and the number's digits one by one.
fn words(number: u32) -> String {
    let mut words: Vec<String> = number.to_string().chars().map(|digit| format!("digit{digit}")).collect();
    for (word, of) in [("fizz", 3), ("buzz", 5)] {
        if number.is_multiple_of(of) {
            words.push(word.into());
        }
    }
    words.join(" ")
}
