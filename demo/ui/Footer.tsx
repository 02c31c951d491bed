const EXAMPLES: readonly (readonly [path: string, title: string])[] = [
  ['embeddings', 'what texts are about'],
  ['arrow', 'penguins, in a table of Apache Arrow'],
  ['onnx', 'textures, by an ONNX model on the GPU'],
  ['palette', 'a photograph in a few colours'],
  ['map', 'airports, on a globe without an edge'],
  ['streaming', 'a file larger than memory, block by block'],
];

export function Footer() {
  return (
    <footer>
      <p class="for-narrow">
        {__PACKAGE__.name} {__PACKAGE__.version}, {__PACKAGE__.license} licence: <code>npm i {__PACKAGE__.name}</code>
      </p>
      <p id="examples">
        This page is made with the library {__PACKAGE__.name}: <a href="./api/index.html">what it does, and its API</a>.
        Examples:{' '}
        {EXAMPLES.map(([path, title], i) => (
          <span key={path}>
            {i > 0 && ', '}
            <a href={`./examples/${path}/index.html`}>{title}</a>
          </span>
        ))}
        .
      </p>
      <p>
        Features are scaled before they are clustered, and inertia, the sum of the squared distances to the centroids,
        and the lower bound, the mean log-likelihood of a row, are in scaled units. Colours stay with their clusters
        from run to run.
      </p>
    </footer>
  );
}
