import type { InputError } from '../shared/errors.ts';
import type { PayloadTemplate } from './payload-template.ts';

/** One metric of a Sparkplug B payload. */
export interface SparkplugMetric {
  readonly name: string;
  /** Number of the data type in the specification. */
  readonly dataType: number;
  /** Field of the metric that holds the value, and its type there. Absent: null. */
  readonly value?: {
    readonly field: number;
    readonly type: 'int64' | 'double' | 'bool' | 'string' | 'bytes';
    readonly template: PayloadTemplate;
  };
}

/** Data types of Sparkplug B (specification 3.0, 6.4.16), with the fields of a metric that hold their values. */
const dataTypes = {
  int64: { dataType: 4, field: 11, type: 'int64' },
  double: { dataType: 10, field: 13, type: 'double' },
  boolean: { dataType: 11, field: 14, type: 'bool' },
  string: { dataType: 12, field: 15, type: 'string' },
  dateTime: { dataType: 13, field: 11, type: 'int64' },
  uuid: { dataType: 15, field: 15, type: 'string' },
  bytes: { dataType: 17, field: 16, type: 'bytes' },
} as const;

/** The metrics of a payload: those of an object within it are named `outer/inner`. */
export function metricsOf(
  template: PayloadTemplate,
  path: string,
): { readonly metrics: readonly SparkplugMetric[]; readonly errors: readonly InputError[] } {
  if (template.kind !== 'object') {
    const hint = 'give an object: each of its values becomes a metric';
    return {
      metrics: [],
      errors: [{ path, message: 'is no object, and publish.encoding is "sparkplug-b"', hint }],
    };
  }
  const errors: InputError[] = [];
  const metrics = template.entries.flatMap(([key, value]) => collect(key, value, `${path}.${key}`, errors));
  const names = metrics.map(({ name }) => name);
  const reserved = names.find((name, i) => name === 'bdSeq' || names.indexOf(name) !== i);
  if (reserved !== undefined) {
    const hint = 'give the metric another name; bdSeq is added by the tester';
    errors.push({ path, message: `has the metric ${reserved}, which is there already`, hint });
  }
  return { metrics, errors };
}

function collect(
  name: string,
  template: PayloadTemplate,
  path: string,
  errors: InputError[],
): SparkplugMetric[] {
  if (template.kind === 'object')
    return template.entries.flatMap(([key, value]) =>
      collect(`${name}/${key}`, value, `${path}.${key}`, errors),
    );
  if (template.kind === 'list') {
    const hint = 'give each value a name of its own';
    errors.push({ path, message: 'is a list, which no metric holds', hint });
    return [];
  }
  if (template.kind === 'literal' && template.value === null)
    return [{ name, dataType: dataTypes.string.dataType }];
  const { dataType, ...value } = dataTypes[dataTypeOf(template)];
  return [{ name, dataType, value: { ...value, template } }];
}

function dataTypeOf(template: PayloadTemplate): keyof typeof dataTypes {
  if (template.kind === 'literal') return dataTypeOfValues([template.value]);
  if (template.kind !== 'call') return 'string';
  const { call } = template;
  switch (call.name) {
    case 'deviceIndex':
    case 'n':
    case 'sequence':
      return 'int64';
    case 'now':
      return 'dateTime';
    case 'uuid':
      return 'uuid';
    case 'randomBytes':
      return 'bytes';
    case 'deviceId':
      return 'string';
    case 'choice':
      return dataTypeOfValues(call.values);
    default:
      return call.decimals === 0 ? 'int64' : 'double';
  }
}

function dataTypeOfValues(values: readonly unknown[]): keyof typeof dataTypes {
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (values.every((value) => Number.isSafeInteger(value))) return 'int64';
  return values.every((value) => typeof value === 'number') ? 'double' : 'string';
}

/** Topic of a device's first message, its birth: of `…/NDATA/…` and `…/DDATA/…`, `…/NBIRTH/…` and `…/DBIRTH/…`. */
export function birthTopicOf(topic: string): string {
  return topic.replace(/\/([ND])DATA\//, '/$1BIRTH/');
}
