// Where features are D, at most four, and may always have steps.

const EXACT = true;

fn features() -> u32 {
  return D;
}
