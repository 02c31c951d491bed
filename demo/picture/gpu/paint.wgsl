// The picture of painter.ts on a GPU: the same counts, winners, dots and opacities, from the buffers that were clustered.
//
// `count` puts each point on its pixel, for as many clusters at a time as there is room for counts [pixel, cluster];
// `decide` keeps of each pixel the cluster with most points; `fill` and `settle` find how crowded the picture is where;
// `develop` colours a pixel by its own points, or by the last dot that covers it. Integers are added in any order: the same
// points give the same picture.

const NONE = 0xffffffffu;
const FAR = 1e30;
// Doubts are summed in units of 2^-10.
const DOUBT_UNIT = 1024.0;

struct Frame {
  // From coordinates, less the middle of the picture, to pixels: a, b, c, e for columns and for lines.
  columns: vec4f,
  lines: vec4f,
  // Of each axis: over how much its points are spread; before what a time lies a day later.
  spread: vec4f,
  dayStart: vec4f,
  // Coordinates are sums of terms of features: (feature, share, what is taken from the feature).
  terms: array<vec4f, 24>,
  // Behind the last term of each axis.
  ends: vec4u,
  rows: u32,
  stride: u32,
  d: u32,
  width: u32,
  height: u32,
  k: u32,
  // Clusters from this one on, and below that, stand out; all do where there is nothing to stand out from.
  standFrom: u32,
  // Counted in this pass: from which cluster on, and how many.
  first: u32,
  group: u32,
  hasDoubt: u32,
  ratio: f32,
  // Sizes of dots, the largest of which is so wide.
  largest: u32,
  // Opacities: of a single point where there are many and where there are few; what is left of dimmed and of doubtful ones.
  faint: f32,
  strong: f32,
  dimmed: f32,
  doubtful: f32,
  crowded: f32,
  standTo: u32,
}

struct State {
  inside: atomic<u32>,
  // From this count on a pixel is opaque.
  opaque: u32,
  // Number of pixels by their points, up to 255.
  histogram: array<atomic<u32>, 256>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> points: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> doubt: array<f32>;
// [pixel, cluster of the group]
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;
// Of each pixel, a point's index plus 1, with the highest bit where it stands out; 0: none.
@group(0) @binding(5) var<storage, read_write> grid: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> doubts: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read_write> state: State;
// Of each pixel: its points, the most of a cluster so far, and that cluster; of those that stand out, where there are some.
@group(0) @binding(8) var<storage, read_write> tallies: array<vec3u>;
// Of each square of the picture: pixels with points, pixels of a dot, and how far dots reach into it.
@group(0) @binding(9) var<storage, read_write> filled: array<atomic<u32>>;
@group(0) @binding(10) var<storage, read_write> areas: array<f32>;
@group(0) @binding(11) var<storage, read_write> reaches: array<u32>;
// Dots by their width from 1: number of pixels, and 32 rows of bits.
@group(0) @binding(12) var<storage, read> discs: array<array<u32, 33>>;
// Red, green, blue of each cluster.
@group(0) @binding(13) var<storage, read> inks: array<u32>;

const STEPS = vec3u(0xc13fa9a9u, 0x91e10da5u, 0x8cb92ba7u);

// In [-0.5, 0.5), as in slices.ts.
fn jitter(row: u32, axis: u32) -> f32 {
  return f32(row * STEPS[axis]) / 4294967296.0 - 0.5;
}

fn pixelOf(row: u32) -> u32 {
  var at = vec3f();
  var term = 0u;
  for (var axis = 0u; axis < 3u; axis++) {
    var sum = 0.0;
    for (; term < frame.ends[axis]; term++) {
      let value = points[row * frame.d + u32(frame.terms[term].x)];
      if (abs(value) >= FAR) { return NONE; }
      sum += frame.terms[term].y * (value - frame.terms[term].z);
    }
    if (sum < frame.dayStart[axis]) { sum += 1440.0; }
    if (frame.spread[axis] != 0.0) { sum += frame.spread[axis] * jitter(row, axis); }
    at[axis] = sum;
  }
  let column = dot(frame.columns.xyz, at) + frame.columns.w;
  let line = dot(frame.lines.xyz, at) + frame.lines.w;
  if (!(column >= 0.0 && column < f32(frame.width) && line >= 0.0 && line < f32(frame.height))) { return NONE; }
  return u32(line) * frame.width + u32(column);
}

fn standsOut(cluster: u32) -> bool {
  return cluster >= frame.standFrom && cluster < frame.standTo;
}

var<workgroup> insideHere: atomic<u32>;

@compute @workgroup_size(256)
fn count(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var inside = 0u;
  for (var i = id.x; i < frame.rows; i += groups.x * 256u) {
    let row = i * frame.stride;
    let pixel = pixelOf(row);
    if (pixel == NONE) { continue; }
    let label = labels[row];
    let place = label - frame.first;
    if (label >= frame.first && place < frame.group) { atomicAdd(&counts[pixel * frame.group + place], 1u); }
    if (frame.first > 0u) { continue; }
    inside++;
    let stands = standsOut(label);
    atomicMax(&grid[pixel], (row + 1u) | select(0u, 0x80000000u, stands));
    if (frame.hasDoubt != 0u && stands) { atomicAdd(&doubts[pixel], u32(doubt[row] * DOUBT_UNIT + 0.5)); }
  }
  atomicAdd(&insideHere, inside);
  workgroupBarrier();
  if (lane == 0u) { atomicAdd(&state.inside, atomicLoad(&insideHere)); }
}

@compute @workgroup_size(256)
fn decide(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var pixel = id.x; pixel < frame.width * frame.height; pixel += groups.x * 256u) {
    var tally = tallies[pixel];
    let start = pixel * frame.group;
    let size = min(frame.group, frame.k - frame.first);
    for (var c = 0u; c < size; c++) {
      let number = atomicLoad(&counts[start + c]);
      let cluster = frame.first + c;
      if (number == 0u) { continue; }
      let isAbove = standsOut(cluster);
      let wasAbove = tally.x > 0u && standsOut(tally.z);
      if (wasAbove && !isAbove) { continue; }
      if (isAbove && !wasAbove) { tally = vec3u(); }
      tally.x += number;
      if (number > tally.y) {
        tally.y = number;
        tally.z = cluster;
      }
    }
    tallies[pixel] = tally;
  }
}

// Pixels on a side of the squares that crowds are told of: Math.round in painter.ts.
fn sideOf(inside: u32) -> u32 {
  let apart = sqrt(f32(frame.width * frame.height) / f32(max(1u, inside)));
  return u32(floor(min(64.0 * frame.ratio, max(8.0 * frame.ratio, 2.0 * apart)) + 0.5));
}

fn squareOf(pixel: u32, side: u32) -> u32 {
  let columns = (frame.width + side - 1u) / side;
  return (pixel / frame.width / side) * columns + (pixel % frame.width) / side;
}

@compute @workgroup_size(256)
fn fill(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let side = sideOf(atomicLoad(&state.inside));
  for (var pixel = id.x; pixel < frame.width * frame.height; pixel += groups.x * 256u) {
    let number = tallies[pixel].x;
    if (number == 0u) { continue; }
    atomicAdd(&state.histogram[min(number, 255u)], 1u);
    atomicAdd(&filled[squareOf(pixel, side)], 1u);
  }
}

@compute @workgroup_size(256)
fn settle(@builtin(local_invocation_index) lane: u32) {
  if (lane == 0u) {
    var all = 0u;
    for (var i = 1u; i < 256u; i++) { all += atomicLoad(&state.histogram[i]); }
    // One pixel in fifty of those with points has more.
    var rest = i32(all);
    var value = 255u;
    for (; value > 2u; value--) {
      let number = 50 * i32(atomicLoad(&state.histogram[value]));
      if (number > rest) { break; }
      rest -= number;
    }
    state.opaque = value;
  }
  let side = sideOf(atomicLoad(&state.inside));
  let columns = (frame.width + side - 1u) / side;
  let rows = (frame.height + side - 1u) / side;
  for (var square = lane; square < columns * rows; square += 256u) {
    let x = square % columns;
    let y = square / columns;
    var number = 0u;
    for (var row = max(y, 1u) - 1u; row <= min(rows - 1u, y + 1u); row++) {
      for (var column = max(x, 1u) - 1u; column <= min(columns - 1u, x + 1u); column++) {
        number += atomicLoad(&filled[row * columns + column]);
      }
    }
    let across = min(frame.width, (x + 2u) * side) - (max(x, 1u) - 1u) * side;
    let down = min(frame.height, (y + 2u) * side) - (max(y, 1u) - 1u) * side;
    areas[square] = sqrt(frame.crowded * f32(across * down) / f32(max(1u, number)));
  }
  storageBarrier();
  for (var square = lane; square < columns * rows; square += 256u) {
    let x = square % columns;
    let y = square / columns;
    var area = 0.0;
    for (var row = max(y, 1u) - 1u; row <= min(rows - 1u, y + 1u); row++) {
      for (var column = max(x, 1u) - 1u; column <= min(columns - 1u, x + 1u); column++) {
        area = max(area, areas[row * columns + column]);
      }
    }
    reaches[square] = select((widthAbove(area) + 1u) / 2u, 0u, area <= 1.0);
  }
}

// The smallest dot that is no less than an area; the largest, where none is.
fn widthAbove(area: f32) -> u32 {
  var width = 2u;
  while (width < frame.largest && f32(discs[width - 1u][0]) < area) { width++; }
  return width;
}

fn widthOf(wanted: f32, pixel: u32) -> u32 {
  let area = min(wanted, f32(discs[frame.largest - 1u][0]));
  let above = widthAbove(area);
  let small = f32(discs[above - 2u][0]);
  let large = f32(discs[above - 1u][0]);
  var chance = 0.5;
  if (above <= 4u) { chance = jitter(pixel, 0u) + 0.5; }
  return select(above - 1u, above, chance < (area - small) / (large - small));
}

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn develop(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let x = i32(at.x);
  let y = i32(at.y);
  let side = sideOf(atomicLoad(&state.inside));
  let own = u32(y) * frame.width + u32(x);
  let tally = tallies[own];
  if (tally.x > 0u && standsOut(tally.z)) { return inkOf(own, side); }
  // The last dot of those that lie above; else the points of the pixel itself; else the last of the other dots.
  var below = NONE;
  let reach = i32(reaches[squareOf(own, side)]);
  for (var line = min(i32(frame.height) - 1, y + reach); line >= max(0, y - reach); line--) {
    for (var column = min(i32(frame.width) - 1, x + reach); column >= max(0, x - reach); column--) {
      let pixel = u32(line) * frame.width + u32(column);
      let other = tallies[pixel];
      if (other.x == 0u || (below != NONE && !standsOut(other.z))) { continue; }
      let area = areas[squareOf(pixel, side)];
      if (area <= 1.0) { continue; }
      let width = widthOf(area, pixel);
      let middle = (i32(width) - 1) / 2;
      let right = x - column + middle;
      let down = y - line + middle;
      if (right < 0 || down < 0 || right >= i32(width) || down >= i32(width)) { continue; }
      if (((discs[width - 1u][1 + down] >> u32(right)) & 1u) == 0u) { continue; }
      if (standsOut(other.z)) { return inkOf(pixel, side); }
      below = pixel;
    }
  }
  if (tally.x > 0u) { return inkOf(own, side); }
  if (below != NONE) { return inkOf(below, side); }
  return vec4f();
}

fn inkOf(pixel: u32, side: u32) -> vec4f {
  let tally = tallies[pixel];
  let area = areas[squareOf(pixel, side)];
  var faintest = frame.faint;
  if (area > 1.0) { faintest += (frame.strong - frame.faint) * min(1.0, log(area) / log(9.0)); }
  let depth = min(1.0, log(f32(min(tally.x, 255u))) / log(f32(state.opaque)));
  var opacity = faintest + (1.0 - faintest) * depth;
  if (!standsOut(tally.z)) {
    opacity *= frame.dimmed;
  } else if (frame.hasDoubt != 0u) {
    let mean = f32(atomicLoad(&doubts[pixel])) / DOUBT_UNIT / f32(tally.x);
    opacity *= 1.0 - (1.0 - frame.doubtful) * min(1.0, mean);
  }
  return vec4f(unpack4x8unorm(inks[tally.z]).rgb, 1.0) * (floor(255.0 * opacity + 0.5) / 255.0);
}
