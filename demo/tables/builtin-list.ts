/** Names of the tables that the page brings along, for whoever lets people choose: without what loads them. */

export type BuiltinId = 'flights' | 'digits' | 'photo' | 'embeddings';

export interface Builtin {
  readonly id: BuiltinId;
  readonly title: string;
  readonly about: string;
  readonly licence: string;
}

/** Of the flights' table, in this order. */
export const FLIGHT_COLUMNS: readonly string[] = ['delay', 'distance', 'time', 'date'];

export const BUILTIN: readonly Builtin[] = [
  {
    id: 'flights',
    title: 'Flights',
    about: 'Delay, distance and time of day of three million flights in the United States, January to June 2001.',
    licence: 'U.S. Bureau of Transportation Statistics, on-time performance, by way of vega-datasets. Public domain.',
  },
  {
    id: 'digits',
    title: 'Digits',
    about: 'Handwritten digits as images of 8 × 8 pixels: 1,797 rows, 64 columns.',
    licence: 'E. Alpaydin, C. Kaynak, 1998, UCI Machine Learning Repository. CC BY 4.0.',
  },
  {
    id: 'photo',
    title: 'Photograph',
    about: 'The pixels of a photograph by their colour: clusters are its palette.',
    licence: 'danielbuechele, flickr.com/photos/danielbuechele/6061409035. CC BY 2.0.',
  },
  {
    id: 'embeddings',
    title: 'Embeddings',
    about: 'Made-up sentence embeddings: 6,000 rows of length one in 64 columns, of six topics that are known.',
    licence: 'Made in this page from a seed.',
  },
];
