import { Point } from '@influxdata/influxdb-client';
import { type LivePoint, typeOfLiveField } from '../live/live-points.ts';

/** A point in line protocol, by InfluxDB's own client; each field in the type that docs/metrics.md promises. */
export function lineOf({ measurement, tags, fields, timestampNs }: LivePoint): string {
  const point = new Point(measurement).timestamp(timestampNs);
  for (const [name, value] of Object.entries(tags)) point.tag(name, value);
  for (const [name, value] of Object.entries(fields)) {
    const type = typeOfLiveField(measurement, name);
    if (type === 'string') {
      // A line break within a text would split the point for readers that split by lines.
      if (value !== '') point.stringField(name, String(value).replaceAll(/\s*\n\s*/g, ' '));
    } else if (Number.isFinite(value)) {
      if (type === 'int') point.intField(name, value);
      else point.floatField(name, value);
    }
  }
  return point.toLineProtocol() ?? '';
}
