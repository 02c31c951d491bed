// @ts-check
/** Short sentences about six things. Nothing below tells anybody which of them a sentence is about. */

/** Of each topic what a sentence is made of: who, does, what, where or when. */
const TOPICS = [
  [
    ['The chef', 'My grandmother', 'A cook', 'The baker', 'Our host'],
    ['prepares', 'seasons', 'tastes', 'warms', 'serves'],
    ['the onion soup', 'a tomato sauce', 'fresh bread', 'the roast potatoes', 'a mushroom pie'],
    ['with garlic and butter', 'in a hot oven', 'in the restaurant kitchen', 'with salt and pepper'],
  ],
  [
    ['The telescope', 'An astronomer', 'The space probe', 'A satellite', 'The observatory'],
    ['photographs', 'observes', 'measures', 'maps', 'tracks'],
    ['a distant galaxy', 'the rings of Saturn', 'a young star', 'the craters of the Moon', 'an icy comet'],
    ['in infrared light', 'far beyond the orbit of Mars', 'at the edge of the solar system', 'before the eclipse'],
  ],
  [
    ['The goalkeeper', 'A young striker', 'The captain', 'The referee', 'Their defender'],
    ['celebrates', 'takes', 'misses', 'blocks', 'watches'],
    ['the penalty', 'a free kick', 'the winning goal', 'the last corner', 'a perfect pass'],
    ['in the final minute', 'before half-time', 'at the packed stadium', 'in the cup match'],
  ],
  [
    ['The gardener', 'Our neighbour', 'A volunteer', 'My aunt', 'The florist'],
    ['waters', 'prunes', 'plants', 'feeds', 'trims'],
    ['the roses', 'a row of tulips', 'the apple tree', 'the lavender', 'the hedge'],
    ['in the rich soil', 'behind the greenhouse', 'after the spring rain', 'along the flower bed'],
  ],
  [
    ['The violinist', 'A jazz pianist', 'The choir', 'An orchestra', 'The drummer'],
    ['rehearses', 'performs', 'records', 'practises', 'plays'],
    ['a slow sonata', 'the opening melody', 'an old folk song', 'the second symphony', 'a waltz'],
    ['in the concert hall', 'with a string quartet', 'for a new album', 'in a minor key'],
  ],
  [
    ['The night train', 'A crowded tram', 'The ferry', 'The express bus', 'Our flight'],
    ['leaves', 'reaches', 'passes', 'approaches', 'departs from'],
    ['the central station', 'the harbour', 'the airport terminal', 'the border crossing', 'the old town'],
    ['with an hour of delay', 'without a ticket inspector', 'full of passengers', 'ahead of the timetable'],
  ],
];

const EACH = 60;

/**
 * Sixty different ones of each topic, the topics in turn.
 *
 * @returns {string[]}
 */
export function sentences() {
  return Array.from({ length: EACH * TOPICS.length }, (_, i) => {
    const parts = TOPICS[i % TOPICS.length];
    // A step that has no factor in common with the number of sentences goes through all of them.
    let number = 37 * Math.floor(i / TOPICS.length) + 11;
    let sentence = '.';
    for (const choices of [...parts].reverse()) {
      sentence = ` ${choices[number % choices.length]}${sentence}`;
      number = Math.floor(number / choices.length);
    }
    return sentence.trimStart();
  });
}
