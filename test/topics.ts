/** Who acts in the sentences of the example of embeddings: of each of its topics, which the example does not know. */
const SUBJECTS = [
  /chef|cook|baker|grandmother|host/i,
  /telescope|astronomer|probe|satellite|observatory/i,
  /goalkeeper|striker|captain|referee|defender/i,
  /gardener|neighbour|volunteer|aunt|florist/i,
  /violinist|pianist|choir|orchestra|drummer/i,
  /train|tram|ferry|bus|flight/i,
];

/** What a sentence is about: the index of its topic. */
export function topicOf(sentence: string): number {
  const [subject] = sentence.match(/^(?:\S+ ){2,3}/) ?? [''];
  const found = SUBJECTS.flatMap((subjects, topic) => (subjects.test(subject) ? [topic] : []));
  if (found.length !== 1) throw new Error(`'${sentence}' is of ${found.length} topics`);
  return found[0];
}
