// Where it is the points that say how many features there are.

fn features() -> u32 {
  return part.d;
}
