/** One thing that a server answers, as data: what is not in a server's table it does not answer. */
export interface Route {
  readonly method: string;
  /** `{name}` matches one segment, `{name+}` all that follow. */
  readonly path: string;
  /** Where one path has many operations: `X-Amz-Target` of AWS JSON, `Action` of the query protocol. */
  readonly operation?: string;
}

export interface RouteTable<Handler> {
  readonly routes: readonly Route[];
  /** The first that fits. Names in the path come percent-encoded, as they are. */
  find(method: string, path: string): FoundRoute<Handler> | undefined;
  /** Whether the path has a route, for this method or another. */
  has(path: string): boolean;
}

export interface FoundRoute<Handler> {
  readonly handler: Handler;
  readonly parameters: Readonly<Record<string, string>>;
}

/** @param handlers by method and path, `GET /runs/{runId}`; a slash at the end makes no difference */
export function makeRouteTable<Handler>(handlers: Readonly<Record<string, Handler>>): RouteTable<Handler> {
  const entries = Object.entries(handlers).map(([name, handler]) => {
    const [method = '', path = ''] = name.split(' ');
    return { method, path, handler, pattern: patternOf(path) };
  });
  return {
    routes: entries.map(({ method, path }) => ({ method, path })),
    find(method, path) {
      for (const entry of entries) {
        const match = entry.method === method ? entry.pattern.exec(path) : null;
        if (match !== null) return { handler: entry.handler, parameters: { ...match.groups } };
      }
      return undefined;
    },
    has: (path) => entries.some(({ pattern }) => pattern.test(path)),
  };
}

function patternOf(path: string): RegExp {
  const source = path
    .replace(/[.*?()[\]^$|\\]/g, '\\$&')
    .replace(
      /\{(\w+)(\+?)\}/g,
      (_match, name: string, rest: string) => `(?<${name}>${rest ? '.+' : '[^/]+'})`,
    );
  return new RegExp(`^${source}${path.endsWith('/') ? '' : '/?'}$`, 's');
}
