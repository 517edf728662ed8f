/** What a .proto file declares, as far as it takes to write messages. Names are full: `pkg.Outer.Inner`. */
export interface ProtoSchema {
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, ProtoField>>;
  /** Numbers by name. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  /** A scalar type, or the full name of a message or an enum. */
  readonly type: string;
  readonly label: 'single' | 'required' | 'repeated' | 'packed';
  /** Type of the keys: the field is a map, and `type` that of its values. */
  readonly mapKey?: ScalarType;
  readonly oneof?: string;
}

/** Scalar types by how they are encoded. @see https://protobuf.dev/programming-guides/encoding/ */
export const scalarTypes = {
  double: 'fixed64',
  float: 'fixed32',
  int32: 'varint',
  int64: 'varint',
  uint32: 'varint',
  uint64: 'varint',
  sint32: 'varint',
  sint64: 'varint',
  fixed32: 'fixed32',
  fixed64: 'fixed64',
  sfixed32: 'fixed32',
  sfixed64: 'fixed64',
  bool: 'varint',
  string: 'length',
  bytes: 'length',
} as const;

export type ScalarType = keyof typeof scalarTypes;

export function isScalar(type: string): type is ScalarType {
  return Object.hasOwn(scalarTypes, type);
}
