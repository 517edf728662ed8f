import { isScalar, type ProtoField, type ProtoSchema, type ScalarType, scalarTypes } from './proto-schema.ts';
import { ProtoTokens } from './proto-tokens.ts';

/**
 * Reads a .proto text of proto2 or proto3: packages, messages, enums, `oneof`, `map`. Options and services have no effect on the bytes of a
 * message and are skipped, but for `packed`. Imports, groups and extensions are refused.
 * @see https://protobuf.dev/reference/protobuf/proto3-spec/
 * @throws ProtoError
 */
export function parseProto(text: string): ProtoSchema {
  return new ProtoParser(text).parse();
}

type UnresolvedField = ProtoField & { readonly scope: string };

class ProtoParser {
  readonly #tokens: ProtoTokens;
  readonly #messages = new Map<string, UnresolvedField[]>();
  readonly #enums = new Map<string, Map<string, number>>();
  #isProto3 = false;
  #package = '';

  constructor(text: string) {
    this.#tokens = new ProtoTokens(text);
  }

  parse(): ProtoSchema {
    const tokens = this.#tokens;
    while (!tokens.isAtEnd) {
      const word = tokens.next();
      switch (word) {
        case 'syntax':
          tokens.expect('=');
          this.#isProto3 = tokens.next().slice(1, -1) === 'proto3';
          tokens.expect(';');
          break;
        case 'package':
          this.#package = tokens.fullName();
          tokens.expect(';');
          break;
        case 'import':
          throw tokens.error('imports another file, which is not supported: put its messages into this one');
        case ';':
          break;
        default:
          this.#declaration(word, this.#package);
      }
    }
    return this.#resolve();
  }

  #declaration(word: string, scope: string): void {
    const tokens = this.#tokens;
    if (word === 'message') this.#message(scope);
    else if (word === 'enum') this.#enum(scope);
    else if (word === 'extend' || word === 'edition')
      throw tokens.error(`has '${word}', which is not supported`);
    else if (word === 'option' || word === 'service') tokens.skipStatement();
    else throw tokens.error(`has '${word}' where a declaration is expected`);
  }

  #message(scope: string): void {
    const tokens = this.#tokens;
    const name = joined(scope, tokens.name());
    if (this.#messages.has(name)) throw tokens.error(`declares ${name} twice`);
    const fields: UnresolvedField[] = [];
    this.#messages.set(name, fields);
    tokens.expect('{');
    while (!tokens.take('}')) this.#member(name, fields);
    const twice = fields.find((field, i) =>
      fields.slice(0, i).some((other) => other.name === field.name || other.number === field.number),
    );
    if (twice !== undefined)
      throw tokens.error(`has the field ${twice.name} = ${twice.number} twice in ${name}`);
  }

  #member(message: string, fields: UnresolvedField[]): void {
    const tokens = this.#tokens;
    const word = tokens.peek();
    // A field's type may have any name that is not followed by what a declaration has.
    const begins = (next: RegExp) => next.test(tokens.peek(1) ?? '');
    if (tokens.take(';')) return;
    if ((word === 'message' || word === 'enum' || word === 'oneof') && tokens.peek(2) === '{') {
      tokens.next();
      if (word === 'oneof') this.#oneof(message, fields);
      else this.#declaration(word, message);
    } else if (word === 'option' || ((word === 'reserved' || word === 'extensions') && begins(/^["'\d]/)))
      tokens.skipStatement();
    else if (word === 'extend') throw tokens.error("has 'extend', which is not supported");
    else fields.push(this.#field(message));
  }

  #oneof(message: string, fields: UnresolvedField[]): void {
    const tokens = this.#tokens;
    const oneof = tokens.name();
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.peek() === 'option') tokens.skipStatement();
      else if (!tokens.take(';')) fields.push({ ...this.#field(message), oneof });
    }
  }

  #field(scope: string): UnresolvedField {
    const tokens = this.#tokens;
    if (tokens.peek() === 'map' && tokens.peek(1) === '<') return this.#mapField(scope);
    const label = ['repeated', 'required', 'optional'].find((each) => tokens.take(each));
    if (tokens.peek() === 'group') throw tokens.error("has 'group', which is not supported");
    const type = tokens.fullName();
    const name = tokens.name();
    const { number, packed = this.#isProto3 } = this.#numberAndOptions();
    const shared = { scope, name, number, type };
    if (label === 'required') return { ...shared, label };
    if (label !== 'repeated') return { ...shared, label: 'single' };
    return { ...shared, label: packed ? 'packed' : 'repeated' };
  }

  #mapField(scope: string): UnresolvedField {
    const tokens = this.#tokens;
    tokens.next();
    tokens.expect('<');
    const mapKey = tokens.name();
    const isKey = isScalar(mapKey) && !['double', 'float', 'bytes'].includes(mapKey);
    if (!isKey) throw tokens.error(`has a map with keys of type ${mapKey}`);
    tokens.expect(',');
    const type = tokens.fullName();
    tokens.expect('>');
    const name = tokens.name();
    return { scope, name, type, mapKey, label: 'repeated', number: this.#numberAndOptions().number };
  }

  #numberAndOptions(): { readonly number: number; readonly packed?: boolean } {
    const tokens = this.#tokens;
    tokens.expect('=');
    const number = tokens.number();
    if (number < 1 || number > 536_870_911) throw tokens.error(`has the field number ${number}`);
    let packed: boolean | undefined;
    if (tokens.take('[')) {
      for (let depth = 1; depth > 0; ) {
        const text = tokens.next();
        if (text === '[') depth++;
        else if (text === ']') depth--;
        else if (text === 'packed' && tokens.take('=')) packed = tokens.next() === 'true';
      }
    }
    tokens.expect(';');
    return packed === undefined ? { number } : { number, packed };
  }

  #enum(scope: string): void {
    const tokens = this.#tokens;
    const name = joined(scope, tokens.name());
    const values = new Map<string, number>();
    this.#enums.set(name, values);
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      if (['option', 'reserved'].includes(tokens.peek() ?? '') && tokens.peek(1) !== '=') {
        tokens.skipStatement();
        continue;
      }
      const value = tokens.name();
      tokens.expect('=');
      values.set(value, tokens.number());
      tokens.skipStatement();
    }
  }

  #resolve(): ProtoSchema {
    const messages = new Map(
      [...this.#messages].map(([name, fields]) => [
        name,
        new Map(fields.map((field) => [field.name, this.#resolveField(field)])),
      ]),
    );
    return { messages, enums: this.#enums };
  }

  #resolveField({ scope, ...field }: UnresolvedField): ProtoField {
    const type = isScalar(field.type) ? field.type : this.#findType(field.type, scope);
    if (type === undefined)
      throw this.#tokens.error(
        `is the last, and ${scope}.${field.name} is of type ${field.type}, which none declares`,
      );
    const isPackable =
      this.#enums.has(type) || (isScalar(type) && scalarTypes[type as ScalarType] !== 'length');
    const label = field.label === 'packed' && !isPackable ? 'repeated' : field.label;
    return { ...field, type, label };
  }

  /** From the innermost scope outwards; a name that begins with a point is full. */
  #findType(name: string, scope: string): string | undefined {
    const isKnown = (full: string) => this.#messages.has(full) || this.#enums.has(full);
    if (name.startsWith('.')) return isKnown(name.slice(1)) ? name.slice(1) : undefined;
    const levels = scope.split('.');
    for (let count = levels.length; count >= 0; count--) {
      const full = joined(levels.slice(0, count).join('.'), name);
      if (isKnown(full)) return full;
    }
    return undefined;
  }
}

function joined(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
