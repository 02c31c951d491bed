// The trees of tree-memory.wgsl, with a barrier for the last six levels where that one has six: 64 leaves lie in memory, and
// every subgroup adds up all of them for itself. A lane takes those that are its own modulo the width, in the order of the
// tree; the last levels are exchanges between lanes.
//
// A leaf is a lane's by the lane's number, never by its thread's: how threads lie in subgroups is not told, and does not
// matter here. Nor does the size: the width is at most half of the leaves, and no more than lanes are there without a gap,
// which a ballot tells better than the subgroup_size of a driver that reports its largest (Intel's). Sums of two are the
// same from either side, so that all lanes within the width end with the same bits, those of the tree, whatever the width;
// unless a compiler reorders what a lane adds up, as WGSL lets it.
//
// WIDTH is the size of subgroups where that is chosen, and so they are full; 0: not known.

const LEAVES = 1u << LEVELS;
var<workgroup> leaves: array<Leaf, TREES * LEAVES>;

struct Place {
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_invocation_id) lane: u32,
}

struct Roots {
  lane: u32,
  width: u32,
}

fn set_leaf(tree: u32, leaf: u32, value: Leaf) {
  leaves[tree * LEAVES + leaf] = value;
}

fn add_up(place: Place, first: u32) -> Roots {
  for (var level = LEVELS - 6u; level > 0u; level--) {
    let half = 32u << level;
    workgroupBarrier();
    if (place.thread < half) {
      for (var tree = first; tree < TREES; tree++) {
        let leaf = tree * LEAVES + place.thread;
        leaves[leaf] += leaves[leaf + half];
      }
    }
  }
  workgroupBarrier();
  return Roots(place.lane, width_here());
}

fn root(tree: u32, roots: Roots) -> Leaf {
  var sum = of_lane(tree * LEAVES + roots.lane % roots.width, roots.width);
  for (var level = 5u; level > 0u; level--) {
    let apart = 1u << (level - 1u);
    let other = subgroupShuffleXor(sum, apart);
    if (apart < roots.width) {
      sum += other;
    }
  }
  // Lanes behind the width may have had nobody to exchange with.
  return subgroupBroadcastFirst(sum);
}

fn root_everywhere(tree: u32, roots: Roots) -> Leaf {
  return root(tree, roots);
}

/// A power of two, 4 to 32, or 1: lanes that can exchange what they have, from the first one on.
fn width_here() -> u32 {
  if (WIDTH > 0u) {
    return min(WIDTH, 32u);
  }
  let lanes = countTrailingZeros(~subgroupBallot(true).x);
  return select(1u, 1u << (31u - countLeadingZeros(lanes | 1u)), lanes >= 4u);
}

/// The sum of the leaves at so many apart from `at`, in the order of the tree. Each loop is a level of it, which only lanes of
/// narrower subgroups add up for themselves: of two trips, or one. A sum begins with −0, which changes nothing, not even a zero.
fn of_lane(at: u32, width: u32) -> Leaf {
  var by1 = -Leaf();
  for (var left1 = trips(1u, width); left1 > 0u; left1--) {
    var by2 = -Leaf();
    for (var left2 = trips(2u, width); left2 > 0u; left2--) {
      var by4 = -Leaf();
      for (var left4 = trips(4u, width); left4 > 0u; left4--) {
        var by8 = -Leaf();
        for (var left8 = trips(8u, width); left8 > 0u; left8--) {
          var by16 = -Leaf();
          for (var left16 = trips(16u, width); left16 > 0u; left16--) {
            let leaf = at + left1 + 2u * left2 + 4u * left4 + 8u * left8 + 16u * left16 - 31u;
            by16 += leaves[leaf] + leaves[leaf + 32u];
          }
          by8 += by16;
        }
        by4 += by8;
      }
      by2 += by4;
    }
    by1 += by2;
  }
  return by1;
}

fn trips(apart: u32, width: u32) -> u32 {
  return select(1u, 2u, width <= apart);
}
