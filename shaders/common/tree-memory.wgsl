// Sums over the threads of a workgroup, in fixed trees: half of the leaves take in the other half, until one is left. A
// kernel says what a `Leaf` is, that there are TREES at once, and 2^LEVELS leaves in each. tree-subgroups.wgsl has the same
// functions, and answers the same, to the bit.

const LEAVES = 1u << LEVELS;
var<workgroup> leaves: array<Leaf, TREES * LEAVES>;

/// Which thread of its workgroup it is.
struct Place {
  @builtin(local_invocation_index) thread: u32,
}

/// From where roots are read.
struct Roots {
  thread: u32,
}

fn set_leaf(tree: u32, leaf: u32, value: Leaf) {
  leaves[tree * LEAVES + leaf] = value;
}

/// Adds up the trees from `first` on, behind their leaves. It is all threads that call it, and what follows.
fn add_up(place: Place, first: u32) -> Roots {
  for (var level = LEVELS; level > 0u; level--) {
    let half = 1u << (level - 1u);
    workgroupBarrier();
    // A pair of leaves a thread, whichever their tree: where there are several trees, there are as many threads as leaves.
    for (var turn = 0u; turn < (TREES + 1u) / 2u; turn++) {
      let pair = place.thread + turn * LEAVES;
      if (pair < (TREES - first) * half) {
        let leaf = (first + pair / half) * LEAVES + pair % half;
        leaves[leaf] += leaves[leaf + half];
      }
    }
  }
  // Each root is another thread's.
  if (TREES > 1u) {
    workgroupBarrier();
  }
  return Roots(place.thread);
}

/// The sum of a tree, in the first thread. Several trees have as many leaves as there are threads.
fn root(tree: u32, roots: Roots) -> Leaf {
  return leaves[tree * LEAVES + select(roots.thread, roots.thread % LEAVES, TREES == 1u)];
}

/// The same, in every thread.
fn root_everywhere(tree: u32, roots: Roots) -> Leaf {
  workgroupBarrier();
  return leaves[tree * LEAVES];
}
