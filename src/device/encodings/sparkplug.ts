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
  /** Of a device's first message: its birth, which has `bdSeq` as well. */
  readonly birth: readonly Segment[];
}

/**
 * A Sparkplug B payload: a metric for each value of the template, all at the time of sending, and `seq`, 0 to 255 and again, by the message's
 * number within its device.
 * @see https://sparkplug.eclipse.org/specification/version/3.0/documents/sparkplug-specification-3.0.0.pdf
 */
export function compileSparkplug(template: PayloadTemplate, scope: SegmentScope): SparkplugSegments {
  const { metrics } = metricsOf(template, '');
  const payloadOf = (all: readonly SparkplugMetric[]) => {
    const values = new TemplateValues(scope);
    return [
      tag(payloadFields.timestamp, 'varint'),
      now,
      ...all.flatMap((metric) => [
        tag(payloadFields.metrics, 'length'),
        counted(metricSegments(metric, scope, values), varintLength),
      ]),
      tag(payloadFields.seq, 'varint'),
      numberSegment('uint64', ({ k }) => k % 256),
    ];
  };
  return { data: payloadOf(metrics), birth: payloadOf([...metrics, bdSeq]) };
}

const now = numberSegment('uint64', ({ sentMs }) => Math.floor(sentMs));

const bdSeq: SparkplugMetric = {
  name: 'bdSeq',
  dataType: 4,
  value: { field: 11, type: 'int64', template: { kind: 'literal', value: 0 } },
};

function metricSegments(
  { name, dataType, value }: SparkplugMetric,
  scope: SegmentScope,
  values: TemplateValues,
): Segment[] {
  const head = [
    tag(metricFields.name, 'length'),
    withLength(Buffer.from(name)),
    tag(metricFields.timestamp, 'varint'),
    now,
    tag(metricFields.datatype, 'varint'),
    fixed(Buffer.of(dataType)),
  ];
  if (value === undefined) return [...head, tag(metricFields.isNull, 'varint'), fixed(Buffer.of(1))];
  const { field, type, template } = value;
  const wire = type === 'double' ? 'fixed64' : type === 'string' || type === 'bytes' ? 'length' : 'varint';
  return [...head, tag(field, wire), ...scalarSegments(type, template, scope, values)];
}
