import { FEATURES, number } from './axes.ts';
import type { Flights } from './flights.ts';
import type { Clusters } from './messages.ts';
import { clusterColour, css, inkOn, type Scheme } from './palette.ts';

/** The clusters from the largest to the smallest: the order of their numbers and colours. */
export function rankClusters({ counts }: Clusters): number[] {
  return Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
}

/** Fills the table's body: a row for each cluster, with its size and its centroid in real units. */
export function fillLegend(
  body: HTMLElement,
  { mean, deviation, n }: Flights,
  { counts, centroids }: Clusters,
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
      row.append(head, sizeCell(counts[cluster], n));
      FEATURES.forEach((feature, j) => {
        row.insertCell().textContent = feature.format(mean[j] + deviation[j] * centroids[cluster * d + j]);
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
