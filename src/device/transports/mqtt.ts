import type { LoadProfile } from '../../profile/load-profile.ts';
import type { Clock } from '../../shared/clock.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { lacksProxy } from '../../targets/device-proxy.ts';
import { openLoopbackProxy } from '../network/loopback-proxy.ts';
import type { SliceNetwork } from '../network/shaping/slice-network.ts';
import type { MakeTransport } from '../transport.ts';
import { type MqttTarget, makeDenseClient, mqttSettingsOf, onceByPair } from './dense-client.ts';

/** The Device SDK has a proxy, and so a network, over TLS alone. Exit code 2. */
class NoProxyWithoutTlsError extends StampedeError {
  constructor() {
    super('NoProxyWithoutTls', 'connections of the client device-sdk without TLS can go through no network', {
      hint: 'set connect.client to "dense", remove network, or connect over TLS: connect.auth "x509"',
      exitCode: exitCodes.badUsage,
    });
  }
}

/**
 * The MQTT client that the profile names, through the given endpoint.
 * @param clock dates signatures
 * @param network of its devices; the Device SDK's go through it where the profile has one, if it does nothing at first
 */
export async function makeMqttTransport(
  profile: LoadProfile,
  target: MqttTarget,
  clock: Clock,
  network?: SliceNetwork,
): Promise<MakeTransport> {
  if (profile.connect.client === 'dense') return makeDenseClient(profile, target, clock, network);
  const { endpoint, credentials } = target;
  const { host, port } = endpoint;
  const isShaped = network !== undefined && profile.network !== undefined;
  if (lacksProxy({ client: profile.connect.client, scheme: endpoint.scheme, isShaped }))
    throw new NoProxyWithoutTlsError();
  const proxy = isShaped
    ? await openLoopbackProxy({ target: endpoint, network, connectTimeoutMs: profile.connect.timeoutMs })
    : undefined;
  const settings = { ...mqttSettingsOf(profile, target), ...(proxy && { proxy }) };
  // Its native library takes longer to load than all else: only who uses it waits for it.
  const { makeDeviceSdkTransport } = await import('./device-sdk.ts');
  if (endpoint.scheme === 'mqtt') return makeDeviceSdkTransport({ ...settings, host, port });
  const { makeSdkSecurity } = await import('../network/sdk-security.ts');
  return makeDeviceSdkTransport({
    ...settings,
    host,
    port,
    secureOf: onceByPair(credentials, (device) => makeSdkSecurity(target, device)),
  });
}
