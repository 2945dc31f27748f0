// What went wrong with a photograph, in words for the person who dropped it.

const PHOTO = {
  empty: () => 'This file is empty. Copy it again from the camera or the card.',
  notAPhoto: ({ beginsWith }) => `This is not a photograph: it begins with “${beginsWith}”. Choose a PNG, JPEG or WebP file.`,
  unsupportedFormat: ({ format }) => `photo-lab does not read ${format}. Save the photograph as PNG, JPEG or WebP.`,
  damaged: ({ format, reason }) => `This ${format} is damaged or cut short (${reason}). Copy or download it again.`,
  tooManyPixels: ({ width, height, limitMegapixels }) =>
    `${width} × ${height} pixels are more than the ${limitMegapixels} megapixels that photo-lab works on. Make the photograph smaller first.`,
  tooMuchMemory: ({ format, limitMegabytes }) =>
    `Decoding this ${format} needs more than ${limitMegabytes} MB. Make the photograph smaller first.`,
  badOption: ({ field, value, allowed }) => `${field} is ${value}, but must be ${allowed}.`,
  notEncoded: ({ format, reason }) => `The picture could not be written as ${format}: ${reason}.`,
  cancelled: () => 'Cancelled.',
}

const OTHER = {
  AbortError: () => 'Cancelled.',
  TimeoutError: () => 'This took too long.',
  JobPanicked: (error) => `A bug in the job: ${error.message}. The worker goes on.`,
  JobTrapped: (error) => `${error.message}. The pool has started afresh; try again.`,
  JobLost: () => 'Another job broke the workers while this one ran. Try again.',
  PoolClosed: () => 'The pool was closed.',
}

/** The contract's error: a word, or an object with one key. */
function photoFault(error) {
  const [kind, fields] = typeof error === 'string' ? [error, {}] : (Object.entries(error ?? {})[0] ?? [])
  return PHOTO[kind]?.(fields)
}

/** What to tell the person. */
export function explain(error) {
  return (error?.name === 'JobFailed' && photoFault(error.error)) || OTHER[error?.name]?.(error) || String(error?.message ?? error)
}

/** Whether somebody wanted it to end. */
export const isCancelled = (error) => error?.name === 'AbortError' || error?.error === 'cancelled'
