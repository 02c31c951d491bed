// @ts-check
/** In a clone: `npm ci && npm run build && node demo/examples/embeddings/node.mjs`. */
import { embed } from './embed.mjs';
import { sentences } from './sentences.mjs';
import { topicsOf } from './topics.mjs';

const texts = sentences();
const { k, table, elbow, topics } = await topicsOf(texts, embed(texts));

console.log(`${texts.length} sentences, 384 numbers each`);
for (const row of table) {
  const marks = [row.k === k ? 'best' : '', row.k === elbow ? 'elbow' : ''].filter(Boolean).join(', ');
  const figures = `silhouette ${row.silhouette?.toFixed(3)}  inertia ${row.inertia.toFixed(1).padStart(5)}`;
  console.log(`k ${String(row.k).padStart(2)}  ${figures}  ${marks}`.trimEnd());
}
topics.forEach(({ size, texts }, i) => {
  console.log(`\ncluster ${i + 1}, ${size} sentences`);
  for (const text of texts) console.log(`  ${text}`);
});
