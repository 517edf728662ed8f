import type { PayloadTemplate } from '../../profile/payload-template.ts';
import { metricsOf, type SparkplugMetric } from '../../profile/sparkplug.ts';
import { fixed, type Segment, type SegmentScope } from '../payload-values.ts';
import { numberSegment, scalarSegments, tag, varintLength, withLength } from './protobuf.ts';
import { counted, TemplateValues } from './template-values.ts';

/** Field numbers of sparkplug_b.proto. */
const payloadFields = { timestamp: 1, metrics: 2, seq: 3 } as const;
const metricFields = { name: 1, timestamp: 3, datatype: 4, isNull: 7 } as const;

export interface SparkplugSegments {
  readonly data: readonly Segment[];
  /** Of the first message of a connection: the birth, which has `bdSeq` as well. */
  readonly birth: readonly Segment[];
}

/**
 * A Sparkplug B payload: a metric for each value of the template, all at the time of sending. `seq` is 0 in the birth, which
 * each connection begins with, and goes on with each message to 255 and again; `bdSeq` counts the births of the device.
 * @see https://sparkplug.eclipse.org/specification/version/3.0/documents/sparkplug-specification-3.0.0.pdf
 */
export function compileSparkplug(template: PayloadTemplate, scope: SegmentScope): SparkplugSegments {
  const { metrics } = metricsOf(template, '');
  const payloadOf = (...others: readonly (readonly Segment[])[]) => {
    const values = new TemplateValues(scope);
    const all = [...metrics.map((metric) => metricSegments(metric, scope, values)), ...others];
    return [
      tag(payloadFields.timestamp, 'varint'),
      now,
      ...all.flatMap((metric) => [tag(payloadFields.metrics, 'length'), counted(metric, varintLength)]),
      tag(payloadFields.seq, 'varint'),
      numberSegment('uint64', ({ sinceBirth }) => sinceBirth % 256),
    ];
  };
  return { data: payloadOf(), birth: payloadOf(bdSeq) };
}

const now = numberSegment('uint64', ({ sentMs }) => Math.floor(sentMs));

/** The births of a device before this one, 0 to 255 and again. */
const bdSeq: readonly Segment[] = [
  ...headSegments({ name: 'bdSeq', dataType: 4 }),
  tag(11, 'varint'),
  numberSegment('uint64', ({ births }) => births % 256),
];

function headSegments({ name, dataType }: Pick<SparkplugMetric, 'name' | 'dataType'>): Segment[] {
  return [
    tag(metricFields.name, 'length'),
    withLength(Buffer.from(name)),
    tag(metricFields.timestamp, 'varint'),
    now,
    tag(metricFields.datatype, 'varint'),
    fixed(Buffer.of(dataType)),
  ];
}

function metricSegments(
  { value, ...named }: SparkplugMetric,
  scope: SegmentScope,
  values: TemplateValues,
): Segment[] {
  const head = headSegments(named);
  if (value === undefined) return [...head, tag(metricFields.isNull, 'varint'), fixed(Buffer.of(1))];
  const { field, type, template } = value;
  const wire = type === 'double' ? 'fixed64' : type === 'string' || type === 'bytes' ? 'length' : 'varint';
  return [...head, tag(field, wire), ...scalarSegments(type, template, scope, values)];
}
