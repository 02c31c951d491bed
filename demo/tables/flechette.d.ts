/** What the page uses of @uwdata/flechette, whose own declarations a strict compiler refuses. */

export declare const Type: {
  readonly Dictionary: -1;
  readonly Null: 1;
  readonly Int: 2;
  readonly Float: 3;
  readonly Utf8: 5;
  readonly Bool: 6;
  readonly Decimal: 7;
  readonly Date: 8;
  readonly Time: 9;
  readonly Timestamp: 10;
  readonly Duration: 18;
  readonly LargeUtf8: 20;
  readonly Utf8View: 24;
};

export interface DataType {
  readonly typeId: number;
  /** Of what is coded by a dictionary. */
  readonly dictionary?: DataType;
  /** Of times: 0 for seconds, 1 for milliseconds, … */
  readonly unit?: number;
}

export interface Column extends Iterable<unknown> {
  readonly type: DataType;
  readonly length: number;
}

export interface Table {
  readonly numRows: number;
  readonly names: readonly string[];
  readonly children: readonly Column[];
}

export declare function tableFromIPC(bytes: Uint8Array): Table;

export declare function setCompressionCodec(
  type: number,
  codec: {
    encode(bytes: Uint8Array): Uint8Array;
    decode(bytes: Uint8Array, length: number): Uint8Array;
  },
): void;

// What tests write files with.

export declare function utf8(): DataType;
export declare function int32(): DataType;
export declare function timestamp(unit?: number): DataType;
export declare function timeSecond(): DataType;
export declare function list(child: DataType): DataType;
export declare function dictionary(type: DataType): DataType;
export declare function tableFromArrays(
  columns: { readonly [name: string]: readonly unknown[] | Float64Array | Int32Array },
  options?: { readonly types?: { readonly [name: string]: DataType } },
): Table;
export declare function tableToIPC(
  table: Table,
  options: { readonly format: 'file' | 'stream' },
): Uint8Array<ArrayBuffer>;
