import type { GatewayService } from '../../gateway/gateway-service.ts';
import type { StreamSettings } from '../settings.ts';
import { ArrivalsStream } from './arrivals-stream.ts';
import { KinesisAction } from './kinesis-action.ts';
import { makeKinesisApi } from './kinesis-api.ts';
import { StreamMapping, type StreamMappingDeps } from './stream-mapping.ts';

/** A stream with all that puts into it and reads from it. */
export interface ArrivalsStreamParts {
  readonly stream: ArrivalsStream;
  readonly action: KinesisAction;
  readonly mapping: StreamMapping;
  /** What its clients speak to. */
  readonly api: GatewayService;
}

interface OpenStreamDeps extends Omit<StreamMappingDeps, 'stream' | 'settings'> {
  /** Of the two rates at which a shard takes records: see docs/iot-core-fidelity.md. */
  readonly burstSeconds: number;
}

export function openArrivalsStream(settings: StreamSettings, deps: OpenStreamDeps): ArrivalsStreamParts {
  const { burstSeconds, ...mappingDeps } = deps;
  const { clock } = deps;
  const stream = new ArrivalsStream(settings, clock.now(), burstSeconds);
  return {
    stream,
    action: new KinesisAction(stream, clock),
    mapping: new StreamMapping({ ...mappingDeps, stream, settings }),
    api: makeKinesisApi(stream, clock),
  };
}
