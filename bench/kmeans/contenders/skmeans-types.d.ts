declare module 'skmeans' {
  export default function skmeans(
    data: number[][],
    k: number,
    centroids?: number[][] | 'kmrand' | 'kmpp' | null,
    iterations?: number,
  ): { it: number; k: number; idxs: number[]; centroids: number[][] };
}
