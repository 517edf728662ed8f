import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../influx/free-port.ts';
import { untilOpen } from './until-open.ts';

/** Brokers of others on loopback, with a user, and a TLS listener that asks for a certificate. */

export const user = { username: 'fleet', password: 'of-the-test' };

export interface Broker {
  readonly port: number;
  readonly tlsPort: number;
  readonly pem: Pem;
  close(): Promise<void>;
}

export interface BrokerKind {
  readonly name: string;
  readonly versions: readonly (4 | 5)[];
  readonly qos: readonly (0 | 1 | 2)[];
  /** Whether it answers a PUBLISH at QoS 2 that is sent again in a resumed session [MQTT-4.3.3-10]. */
  readonly answersAgain: boolean;
  /** What is missing here; undefined: nothing. */
  missing(): string | undefined;
  start(): Promise<Broker>;
}

interface Pem {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const here = import.meta.dirname;

function isThere(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** An authority, and a certificate for the server and one for the devices, in a folder. */
function makeCertificates(folder: string): Pem {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '2');
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['device', `/CN=${user.username}`],
  ] as const) {
    writeFileSync(path.join(folder, `${name}.ext`), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
  }
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  return { ca: read('ca.pem'), cert: read('device.pem'), key: read('device.key') };
}

async function start(run: (folder: string, ports: { tcp: number; tls: number }) => Promise<ChildProcess>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'stampede-broker-'));
  const pem = makeCertificates(folder);
  const [tcp, tls] = [await freePort(), await freePort()];
  const child = await run(folder, { tcp, tls });
  const exited = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.stdin?.end();
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilOpen(child, [tcp, tls]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { port: tcp, tlsPort: tls, pem, close };
}

export const mosquitto: BrokerKind = {
  name: 'Mosquitto',
  versions: [4, 5],
  qos: [0, 1, 2],
  answersAgain: true,
  missing: () => (isThere('mosquitto') ? undefined : 'mosquitto (apt-get install mosquitto)'),
  start: () =>
    start(async (folder, { tcp, tls }) => {
      const file = (name: string): string => path.join(folder, name);
      execFileSync('mosquitto_passwd', ['-b', '-c', file('users'), user.username, user.password]);
      const lines = [
        'per_listener_settings true',
        `listener ${tcp} 127.0.0.1`,
        'allow_anonymous false',
        `password_file ${file('users')}`,
        `listener ${tls} 127.0.0.1`,
        `cafile ${file('ca.pem')}`,
        `certfile ${file('server.pem')}`,
        `keyfile ${file('server.key')}`,
        'require_certificate true',
        'use_identity_as_username true',
        'max_queued_messages 0',
        'user root',
      ];
      writeFileSync(file('mosquitto.conf'), `${lines.join('\n')}\n`);
      return spawn('mosquitto', ['-c', file('mosquitto.conf')]);
    }),
};

/** 3.10, which Debian has: MQTT 3.1.1, and no QoS 2 (it acknowledges such a publish as one at QoS 1). */
export const rabbitMq: BrokerKind = {
  name: 'RabbitMQ',
  versions: [4],
  qos: [0, 1],
  answersAgain: false,
  missing: () => (existsSync(rabbitServer) ? undefined : 'rabbitmq-server (apt-get install rabbitmq-server)'),
  start: () =>
    start(async (folder, { tcp, tls }) => {
      const file = (name: string): string => path.join(folder, name);
      const [amqp, distribution, epmd] = [await freePort(), await freePort(), await freePort()];
      const lines = [
        `listeners.tcp.1 = 127.0.0.1:${amqp}`,
        `mqtt.listeners.tcp.1 = 127.0.0.1:${tcp}`,
        `mqtt.listeners.ssl.1 = 127.0.0.1:${tls}`,
        'mqtt.allow_anonymous = false',
        'mqtt.ssl_cert_login = true',
        'ssl_cert_login_from = common_name',
        `ssl_options.cacertfile = ${file('ca.pem')}`,
        `ssl_options.certfile = ${file('server.pem')}`,
        `ssl_options.keyfile = ${file('server.key')}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = true',
        `default_user = ${user.username}`,
        `default_pass = ${user.password}`,
      ];
      writeFileSync(file('rabbitmq.conf'), `${lines.join('\n')}\n`);
      writeFileSync(file('plugins'), '[rabbitmq_mqtt].\n');
      const env = {
        ...process.env,
        HOME: folder,
        RABBITMQ_NODENAME: `stampede${tcp}@localhost`,
        RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
        RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins'),
        RABBITMQ_MNESIA_BASE: file('mnesia'),
        RABBITMQ_LOG_BASE: file('log'),
        RABBITMQ_DIST_PORT: String(distribution),
        ERL_EPMD_PORT: String(epmd),
        ERL_EPMD_ADDRESS: '127.0.0.1',
      };
      const child = spawn(rabbitServer, { env });
      child.once('exit', () => spawnSync('epmd', ['-port', String(epmd), '-kill']));
      return child;
    }),
};
const rabbitServer = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * 2024.3. It delivers once what is sent again in a resumed session, and does not answer it: `resentWithDUPFlag` passes such a
 * PUBLISH on to no handler.
 * @see https://github.com/hivemq/hivemq-community-edition/blob/master/src/main/java/com/hivemq/mqtt/handler/publish/PublishFlowHandler.java
 */
export const hiveMq: BrokerKind = {
  name: 'HiveMQ CE',
  versions: [4, 5],
  qos: [0, 1, 2],
  answersAgain: false,
  missing: () => {
    const commands = ['java', 'keytool', 'mvn'].filter((command) => !isThere(command));
    return commands.length === 0 ? undefined : `${commands.join(', ')} (apt-get install maven default-jdk)`;
  },
  start: () =>
    start(async (folder, { tcp, tls }) => {
      const file = (name: string): string => path.join(folder, name);
      const keep = ['-passout', 'pass:changeit'];
      const pair = ['-in', file('server.pem'), '-inkey', file('server.key'), '-out', file('server.jks')];
      execFileSync('openssl', ['pkcs12', '-export', ...pair, ...keep]);
      const trusted = ['-file', file('ca.pem'), '-keystore', file('trust.jks'), '-storepass', 'changeit'];
      execFileSync('keytool', ['-importcert', '-noprompt', '-alias', 'ca', ...trusted], { stdio: 'pipe' });
      for (const name of ['data', 'extensions']) mkdirSync(file(name));
      const store = (kind: string, name: string, more = ''): string =>
        `<${kind}><path>${file(name)}</path><password>changeit</password>${more}</${kind}>`;
      const keystore = store(
        'keystore',
        'server.jks',
        '<private-key-password>changeit</private-key-password>',
      );
      const address = '<bind-address>127.0.0.1</bind-address>';
      writeFileSync(
        file('config.xml'),
        `<hivemq><listeners>
<tcp-listener><port>${tcp}</port>${address}</tcp-listener>
<tls-tcp-listener><port>${tls}</port>${address}<tls>${keystore}${store('truststore', 'trust.jks')}
<client-authentication-mode>REQUIRED</client-authentication-mode></tls></tls-tcp-listener>
</listeners><anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics></hivemq>`,
      );
      const pom = path.join(here, 'hivemq-pom.xml');
      const output = `-Dmdep.outputFile=${file('classpath')}`;
      execFileSync('mvn', ['-q', '-B', '-f', pom, 'dependency:build-classpath', output], { stdio: 'pipe' });
      const { username, password } = user;
      const launcher = [path.join(here, 'HiveMqLauncher.java'), folder, username, password];
      return spawn('java', ['-Xmx512m', '-cp', readFileSync(file('classpath'), 'utf8'), ...launcher]);
    }),
};
