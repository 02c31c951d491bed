import type { Flights } from '../data/flights.ts';
import { FEATURES, number } from './axes.ts';
import type { Clusters } from './messages.ts';
import { clusterColour, css, inkOn, type Scheme } from './palette.ts';

/** The clusters from the largest to the smallest: the order of their numbers and colours. */
export function rankClusters(clusters: Clusters): number[] {
  const sizes = clusters.model === 'kmeans' ? clusters.counts : clusters.weights;
  return Array.from(sizes.keys()).sort((a, b) => sizes[b] - sizes[a] || a - b);
}

/** Fills the table's body: a row for each cluster, with its size and its mean in real units. */
export function fillLegend(
  body: HTMLElement,
  { mean, deviation, n }: Flights,
  clusters: Clusters,
  order: readonly number[],
  scheme: Scheme,
  onAlone: (cluster: number | null) => void,
): void {
  const d = FEATURES.length;
  body.replaceChildren(
    ...order.map((cluster, rank) => {
      const row = document.createElement('tr');
      const button = document.createElement('button');
      const colour = clusterColour(rank, scheme);
      button.type = 'button';
      button.textContent = String(rank + 1);
      button.title = `Show cluster ${rank + 1} alone`;
      button.ariaPressed = 'false';
      button.style.background = css(colour);
      button.style.color = inkOn(colour);
      button.addEventListener('click', () => {
        const alone = button.ariaPressed === 'false';
        for (const other of body.querySelectorAll('button')) other.ariaPressed = 'false';
        button.ariaPressed = String(alone);
        onAlone(alone ? cluster : null);
      });
      const head = document.createElement('th');
      head.scope = 'row';
      head.append(button);
      row.append(
        head,
        clusters.model === 'kmeans' ? sizeCell(clusters.counts[cluster], n) : weightCell(clusters.weights[cluster]),
      );
      FEATURES.forEach((feature, j) => {
        row.insertCell().textContent = feature.format(mean[j] + deviation[j] * clusters.means[cluster * d + j]);
      });
      return row;
    }),
  );
}

function sizeCell(count: number, n: number): HTMLTableCellElement {
  const cell = document.createElement('td');
  const share = document.createElement('span');
  share.className = 'share';
  const percent = Math.round((100 * count) / n);
  share.textContent = ` ${percent === 0 && count > 0 ? '<1' : percent} %`;
  cell.append(number(count), share);
  return cell;
}

function weightCell(weight: number): HTMLTableCellElement {
  const cell = document.createElement('td');
  cell.textContent = `${(100 * weight).toFixed(1)} %`;
  return cell;
}

const TROUBLES = {
  regularized: 'collapsed; the covariance can be inverted only because something was added to its diagonal.',
  reseeded: 'lost all flights, and started again from the one that was explained worst.',
  empty: 'no flight belongs here.',
};

/** A line for each kind of trouble that components are in, by their numbers in the legend. */
export function fillRemarks(list: HTMLElement, clusters: Clusters, order: readonly number[]): void {
  list.replaceChildren();
  if (clusters.model === 'kmeans') return;
  for (const [status, trouble] of Object.entries(TROUBLES)) {
    const numbers = order.flatMap((cluster, rank) => (clusters.components[cluster] === status ? [`${rank + 1}`] : []));
    if (numbers.length === 0) continue;
    const line = document.createElement('li');
    line.textContent = `${numbers.length === 1 ? 'Cluster' : 'Clusters'} ${LIST.format(numbers)}: ${trouble}`;
    list.append(line);
  }
}

const LIST = new Intl.ListFormat('en');
