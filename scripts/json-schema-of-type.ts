/**
 * A TypeScript type of plain data as JSON Schema: its interfaces are the one source, and their comments its descriptions.
 * Generators that read syntax do not resolve `keyof typeof`; the compiler's own checker does.
 */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/**
 * @param file of the type, relative to the package
 * @throws Error for a type that JSON has no form for
 */
export function jsonSchemaOfType(file: string, name: string): JsonSchema {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([`${root}${file}`], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(`${root}${file}`);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  if (symbol === undefined) throw new Error(`${file} exports no ${name}`);
  const writer = new SchemaWriter(checker);
  const type = writer.define(checker.getDeclaredTypeOfSymbol(symbol), symbol);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: name,
    ...type,
    definitions: Object.fromEntries([...writer.definitions].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

class SchemaWriter {
  readonly definitions = new Map<string, JsonSchema>();
  readonly #checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** The type itself, with its comment. */
  define(type: ts.Type, symbol: ts.Symbol): JsonSchema {
    return { ...this.#descriptionOf(symbol), ...this.#write(type) };
  }

  #schemaOf(type: ts.Type): JsonSchema {
    const name = nameOf(type);
    if (name === undefined) return this.#write(type);
    if (!this.definitions.has(name)) {
      // Before what is in it, so that a type may hold itself.
      this.definitions.set(name, {});
      const symbol = type.aliasSymbol ?? type.symbol;
      this.definitions.set(name, this.define(type, symbol));
    }
    return { $ref: `#/definitions/${name}` };
  }

  #write(type: ts.Type): JsonSchema {
    const { flags } = type;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === 'true' };
    if (flags & ts.TypeFlags.Null) return { type: 'null' };
    if (flags & ts.TypeFlags.String) return { type: 'string' };
    if (flags & ts.TypeFlags.Number) return { type: 'number' };
    if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.isUnion()) return this.#writeUnion(type.types);
    const item = this.#checker.isArrayLikeType(type)
      ? this.#checker.getIndexTypeOfType(type, ts.IndexKind.Number)
      : undefined;
    if (item !== undefined) return { type: 'array', items: this.#schemaOf(item) };
    if (flags & ts.TypeFlags.Object) return this.#writeObject(type);
    throw new Error(`JSON has no ${this.#checker.typeToString(type)}`);
  }

  #writeUnion(types: readonly ts.Type[]): JsonSchema {
    const parts = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return this.#schemaOf(only);
    const literals = parts.flatMap((part) =>
      part.isStringLiteral() || part.isNumberLiteral() ? [part.value] : [],
    );
    if (literals.length === parts.length) return { enum: literals };
    return { anyOf: parts.map((part) => this.#schemaOf(part)) };
  }

  #writeObject(type: ts.Type): JsonSchema {
    const others = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const properties: Record<string, JsonSchema> = {};
    const required: string[] = [];
    for (const property of this.#checker.getPropertiesOfType(type)) {
      // Of symbols, which JSON has not, the name is another in each build.
      if (property.name.startsWith('__@'))
        throw new Error(`JSON has no form for ${this.#checker.typeToString(type)}`);
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      if (!isOptional) required.push(property.name);
      const schema = this.#schemaOf(this.#checker.getTypeOfSymbol(property));
      const description = this.#descriptionOf(property);
      // Draft 7 reads nothing beside a $ref.
      properties[property.name] =
        '$ref' in schema && Object.keys(description).length > 0
          ? { ...description, allOf: [schema] }
          : { ...description, ...schema };
    }
    return {
      type: 'object',
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: others === undefined ? false : this.#schemaOf(others),
    };
  }

  #descriptionOf(symbol: ts.Symbol): JsonSchema {
    const text = ts
      .displayPartsToString(symbol.getDocumentationComment(this.#checker))
      .replaceAll(/\s+/g, ' ');
    return { ...(text === '' ? {} : { description: text }), ...boundsOf(symbol) };
  }
}

const numberTags = ['minimum', 'maximum', 'maxItems', 'maxLength'];

/** Bounds that a comment gives: `@maxItems 1000`, `@pattern ^\d+$`. */
function boundsOf(symbol: ts.Symbol): JsonSchema {
  return Object.fromEntries(
    symbol.getJsDocTags().flatMap(({ name, text }): [string, unknown][] => {
      const value = ts.displayPartsToString(text).trim();
      if (name === 'pattern') return [[name, value]];
      return numberTags.includes(name) ? [[name, Number(value)]] : [];
    }),
  );
}

/**
 * Of an interface or of a named union; what the language itself declares (`Record`, `Readonly`) is written out, and so is a type with
 * parameters, which is another one for each argument.
 */
function nameOf(type: ts.Type): string | undefined {
  if (type.aliasTypeArguments !== undefined) return undefined;
  const symbol = type.aliasSymbol ?? (type.flags & ts.TypeFlags.Object ? type.symbol : undefined);
  const declaration = symbol?.declarations?.[0];
  if (symbol === undefined || declaration === undefined || /^__|^Array$/.test(symbol.name)) return undefined;
  return declaration.getSourceFile().hasNoDefaultLib ||
    declaration.getSourceFile().fileName.includes('/typescript/lib/')
    ? undefined
    : symbol.name;
}
