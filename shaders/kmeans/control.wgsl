// The state of Lloyd's loop. Kernels that find `done` set return at once: iterations that were submitted ahead of the
// news that the loop is over change nothing.
struct Control {
  done: u32,       // 0 going on, 1 converged, 2 some cluster is empty, 3 the limit is reached
  iteration: u32,  // completed iterations
  compared: u32,   // whether labels exist that the next assignment can be compared with
}
