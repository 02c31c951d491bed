/** What the build tells the page of the package. */
declare const __PACKAGE__: {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Empty where package.json names none. */
  readonly repository: string;
};
