import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { readEnvironment } from '../../../src/worker/environment.ts';

const least = { RUN_BUCKET: 'runs', IOT_ENDPOINT: 'abc-ats.iot.us-east-1.amazonaws.com' };

describe('readEnvironment', () => {
  it("takes a bare host name for AWS IoT Core's endpoints, SigV4 first", () => {
    expect(readEnvironment(least).iotEndpoints).toEqual([
      { scheme: 'wss', host: least.IOT_ENDPOINT, port: 443, auth: 'sigv4' },
      { scheme: 'mqtts', host: least.IOT_ENDPOINT, port: 8883, auth: 'x509' },
      { scheme: 'mqtts', host: least.IOT_ENDPOINT, port: 443, alpn: 'mqtt', auth: 'custom' },
    ]);
  });

  it("has no endpoint where none is set: the plan reads the account's own", () => {
    expect(readEnvironment({ RUN_BUCKET: 'runs' }).iotEndpoints).toEqual([]);
  });

  it('takes URLs in the order given', () => {
    const { iotEndpoints } = readEnvironment({
      ...least,
      IOT_ENDPOINT:
        'mqtt://127.0.0.1:4001?auth=none,wss://127.0.0.1:4002?auth=sigv4,mqtts://127.0.0.1:4003?alpn=mqtt&auth=custom',
    });
    expect(iotEndpoints).toEqual([
      { scheme: 'mqtt', host: '127.0.0.1', port: 4001, auth: 'none' },
      { scheme: 'wss', host: '127.0.0.1', port: 4002, auth: 'sigv4' },
      { scheme: 'mqtts', host: '127.0.0.1', port: 4003, alpn: 'mqtt', auth: 'custom' },
    ]);
  });

  it('runs without the live view', () => {
    expect(readEnvironment(least).influx).toBeUndefined();
  });

  it('names every fault at once', () => {
    const broken = {
      IOT_ENDPOINT: 'http://x',
      COLD_START_LEAD: 'soon',
      CLOUDWATCH_DELAY: '16m',
      INFLUX_URL: 'http://influx',
    };
    let error: unknown;
    try {
      readEnvironment(broken);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).errors.map(({ path }) => path)).toEqual([
      'RUN_BUCKET',
      'IOT_ENDPOINT',
      'COLD_START_LEAD',
      'CLOUDWATCH_DELAY',
      'INFLUX_ORG',
      'INFLUX_BUCKET',
      'INFLUX_TOKEN',
    ]);
  });
});
