import type { InputError } from '../../shared/errors.ts';
import { suggestFrom } from '../../shared/nearest.ts';
import type { PayloadTemplate } from '../payload-template.ts';
import { isScalar, type ProtoField, type ProtoSchema, type ScalarType } from './proto-schema.ts';

/** A field of a message to be written. */
export interface BoundField {
  readonly number: number;
  readonly value: BoundValue;
}

export type BoundValue =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly template: PayloadTemplate }
  | {
      readonly kind: 'enum';
      readonly numbers: ReadonlyMap<string, number>;
      readonly template: PayloadTemplate;
    }
  | { readonly kind: 'message'; readonly fields: readonly BoundField[] }
  | { readonly kind: 'packed'; readonly items: readonly BoundValue[] };

/** What a payload is as a message of the schema, and every error of it. Names are those of the .proto, or as ProtoJSON has them (lowerCamelCase). */
export function bindPayload(
  schema: ProtoSchema,
  message: string,
  template: PayloadTemplate,
  path: string,
): { readonly fields: readonly BoundField[]; readonly errors: readonly InputError[] } {
  const errors: InputError[] = [];
  const fields = new Binder(schema, errors).message(message, template, path);
  return { fields, errors };
}

class Binder {
  readonly #schema: ProtoSchema;
  readonly #errors: InputError[];

  constructor(schema: ProtoSchema, errors: InputError[]) {
    this.#schema = schema;
    this.#errors = errors;
  }

  message(name: string, template: PayloadTemplate, path: string): BoundField[] {
    if (template.kind !== 'object') {
      this.#fail(path, `is no object, and ${name} is a message`, 'give an object with its fields');
      return [];
    }
    const fields = this.#schema.messages.get(name)!;
    const seen = new Map<string, string>();
    const bound = template.entries.flatMap(([key, value]) => {
      const field = fields.get(key) ?? [...fields.values()].find((each) => camelCase(each.name) === key);
      const at = `${path}.${key}`;
      if (field === undefined) {
        this.#fail(at, `is no field of ${name}`, suggestFrom(key, [...fields.keys()], 'those are'));
        return [];
      }
      const other = field.oneof && seen.get(field.oneof);
      if (other !== undefined) this.#fail(at, `and ${other} are of one oneof`, 'remove one of them');
      if (field.oneof !== undefined) seen.set(field.oneof, key);
      return this.#field(field, value, at);
    });
    const given = new Set(bound.map(({ number }) => number));
    for (const { name: missing, label, number } of fields.values())
      if (label === 'required' && !given.has(number))
        this.#fail(path, `has no ${missing}, which ${name} requires`, 'add it');
    return bound;
  }

  #field(field: ProtoField, template: PayloadTemplate, path: string): BoundField[] {
    const { number, type, mapKey } = field;
    if (mapKey !== undefined) return this.#map(field, mapKey, template, path);
    if (field.label === 'single' || field.label === 'required')
      return [{ number, value: this.#value(type, template, path) }];
    if (template.kind !== 'list') {
      this.#fail(path, 'is no list, and the field is repeated', 'give a list of values');
      return [];
    }
    const items = template.items.map((item, i) => this.#value(type, item, `${path}[${i}]`));
    if (field.label === 'packed')
      return items.length === 0 ? [] : [{ number, value: { kind: 'packed', items } }];
    return items.map((value) => ({ number, value }));
  }

  #map(
    { number, type }: ProtoField,
    mapKey: ScalarType,
    template: PayloadTemplate,
    path: string,
  ): BoundField[] {
    if (template.kind !== 'object') {
      this.#fail(path, 'is no object, and the field is a map', 'give an object');
      return [];
    }
    return template.entries.map(([key, entry]) => {
      const literal = mapKey === 'string' ? key : mapKey === 'bool' ? key === 'true' : Number(key);
      const keyTemplate = { kind: 'literal', value: literal } as const;
      const fields = [
        { number: 1, value: this.#value(mapKey, keyTemplate, `${path}.${key}`) },
        { number: 2, value: this.#value(type, entry, `${path}.${key}`) },
      ];
      return { number, value: { kind: 'message', fields } as const };
    });
  }

  #value(type: string, template: PayloadTemplate, path: string): BoundValue {
    if (isScalar(type)) {
      const wrong = mismatchOf(type, template);
      if (wrong !== undefined) this.#fail(path, wrong, `give a value of type ${type}`);
      return { kind: 'scalar', type, template };
    }
    const numbers = this.#schema.enums.get(type);
    if (numbers === undefined) return { kind: 'message', fields: this.message(type, template, path) };
    const texts = textsOf(template);
    const unknown = texts?.find((text) => typeof text === 'string' && !numbers.has(text));
    if (texts === undefined || unknown !== undefined)
      this.#fail(
        path,
        `${unknown === undefined ? 'is no value' : `"${unknown}" is none`} of ${type}`,
        suggestFrom(String(unknown ?? ''), [...numbers.keys()], 'those are'),
      );
    return { kind: 'enum', numbers, template };
  }

  #fail(path: string, message: string, hint: string): void {
    this.#errors.push({ path, message, hint });
  }
}

/** The names and numbers that an enum's template may yield; undefined: it yields something else. */
function textsOf(template: PayloadTemplate): readonly (string | number)[] | undefined {
  if (template.kind === 'call' && template.call.name === 'choice') return template.call.values;
  if (template.kind !== 'literal') return undefined;
  const { value } = template;
  return typeof value === 'string' || Number.isInteger(value) ? [value as string | number] : undefined;
}

const textCalls = ['deviceId', 'uuid', 'randomBytes'];

/** Why a template cannot be a value of the type; undefined: it can. */
function mismatchOf(type: ScalarType, template: PayloadTemplate): string | undefined {
  if (template.kind === 'list' || template.kind === 'object')
    return `is a ${template.kind}, and the field is of type ${type}`;
  if (type === 'string')
    return template.kind === 'literal' && typeof template.value !== 'string' ? `is not a text` : undefined;
  if (type === 'bytes') return bytesMismatch(template);
  const values: readonly unknown[] =
    template.kind === 'literal'
      ? [template.value]
      : template.kind === 'call' && template.call.name === 'choice'
        ? template.call.values
        : [];
  if (template.kind === 'text' || (template.kind === 'call' && textCalls.includes(template.call.name)))
    return `yields a text, and the field is of type ${type}`;
  if (type === 'bool')
    return values.every((value) => typeof value === 'boolean' || value === 0 || value === 1)
      ? undefined
      : 'is neither true nor false';
  const isFraction = type === 'double' || type === 'float';
  const range = ranges[type];
  return values.every(
    (value) =>
      typeof value === 'number' &&
      (isFraction || Number.isSafeInteger(value)) &&
      (range === undefined || (value >= range[0] && value <= range[1])),
  )
    ? undefined
    : `is no value of type ${type}`;
}

function bytesMismatch(template: PayloadTemplate): string | undefined {
  if (template.kind === 'call' && template.call.name === 'randomBytes') return undefined;
  const isBase64 =
    template.kind === 'literal' &&
    typeof template.value === 'string' &&
    /^[A-Za-z0-9+/]*={0,2}$/.test(template.value);
  return isBase64 ? undefined : 'is neither base64 nor {{randomBytes(n)}}';
}

const int32 = [-(2 ** 31), 2 ** 31 - 1] as const;
const uint32 = [0, 2 ** 32 - 1] as const;
/** Of 64 bits, what JSON holds exactly is checked elsewhere. */
const unsigned64 = [0, Number.MAX_SAFE_INTEGER] as const;
const ranges: Partial<Record<ScalarType, readonly [number, number]>> = {
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  uint64: unsigned64,
  fixed64: unsigned64,
};

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
