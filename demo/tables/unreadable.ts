/** A file that cannot be read as a table: the message says why and where, in words for whoever opened it. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}
