import { execFileSync } from 'node:child_process';

/** Debian packages that the integration tests run against, by a command that each brings. */
const packages = {
  mosquitto: 'mosquitto',
  mosquitto_pub: 'mosquitto-clients',
  'rabbitmq-server': 'rabbitmq-server',
  'victoria-metrics': 'victoria-metrics',
  chromium: 'chromium',
  nginx: 'nginx',
  influxd: 'influxdb',
};

/**
 * Installs what is missing where that can be done: on Debian, as root. Elsewhere the tests that need it say that they
 * skip, and why.
 */
export default function installDebianPackages() {
  const missing = Object.entries(packages).flatMap(([command, name]) => (isThere(command) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    console.warn(`not installed, and not to be installed from here: ${missing.join(', ')}`);
    return;
  }
  console.log(`installing ${missing.join(', ')}`);
  try {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...missing);
  } catch (error) {
    console.warn(`could not install ${missing.join(', ')}: ${error.message}`);
  }
}

function isThere(command) {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['--quiet', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
}
