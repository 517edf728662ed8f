import { auth, iot } from 'aws-iot-device-sdk-v2';
import type { DeviceCredentials } from '../identity/credentials.ts';
import type { SdkSecurity } from '../transports/device-sdk.ts';

/**
 * What the Device SDK needs to get past an endpoint, from its own builders: they know what each way of AWS IoT Core's asks for.
 * @param authority PEM, in place of the system's trust store
 */
export function makeSdkSecurity(
  host: string,
  pass: Exclude<DeviceCredentials, { auth: 'none' }>,
  authority: string | undefined,
): SdkSecurity {
  const builder = builderOf(host, pass);
  if (authority !== undefined) builder.withCertificateAuthority(authority);
  const { tlsCtx, websocketHandshakeTransform } = builder.build();
  return {
    ...(tlsCtx === undefined ? {} : { tlsCtx }),
    ...(websocketHandshakeTransform === undefined ? {} : { websocketHandshakeTransform }),
  };
}

function builderOf(
  host: string,
  pass: Exclude<DeviceCredentials, { auth: 'none' }>,
): iot.AwsIotMqtt5ClientConfigBuilder {
  const builders = iot.AwsIotMqtt5ClientConfigBuilder;
  switch (pass.auth) {
    case 'sigv4': {
      const { accessKeyId, secretAccessKey, sessionToken } = pass.credentials;
      return builders.newWebsocketMqttBuilderWithSigv4Auth(host, {
        region: pass.region,
        credentialsProvider: auth.AwsCredentialsProvider.newStatic(
          accessKeyId,
          secretAccessKey,
          sessionToken,
        ),
      });
    }
    case 'x509':
      return builders.newDirectMqttBuilderWithMtlsFromMemory(host, pass.certificate, pass.key);
    case 'custom':
      // User name and password go with the CONNECT; this builder sets the ALPN protocol.
      return builders.newDirectMqttBuilderWithCustomAuth(host, {});
  }
}
