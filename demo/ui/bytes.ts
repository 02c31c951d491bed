/** "8.7 MB" */
export function formatBytes(bytes: number): string {
  const unit = bytes >= 1e6 ? (['MB', 1e6] as const) : (['kB', 1e3] as const);
  return `${(bytes / unit[1]).toFixed(1)} ${unit[0]}`;
}
