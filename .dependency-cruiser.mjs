/**
 * The house rules of docs/architecture.md: a room imports only rooms to its left.
 * profile → plan → measure → device → report → aws | embedded → functions | cli | scripts
 */
const rooms = ['profile', 'plan', 'measure', 'device', 'report'];

const onlyLeft = rooms.map((room, i) => ({
  name: `${room}-imports-only-rooms-to-its-left`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^(src|functions|scripts)/', pathNot: `^src/(${rooms.slice(0, i + 1).join('|')})/` },
}));

const adapters = [
  ['aws', 'embedded'],
  ['embedded', 'aws'],
].map(([from, to]) => ({
  name: `${from}-never-imports-${to}`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: `^(src/(${to}|cli)|functions|scripts)/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...onlyLeft,
    ...adapters,
    {
      name: 'pure-rooms-do-no-io',
      comment:
        'profile, plan and measure are pure: no node: built-ins, no SDK; time and randomness are arguments',
      severity: 'error',
      from: { path: '^src/(profile|plan|measure)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-rooms-know-no-sdk',
      severity: 'error',
      from: { path: '^src/(profile|plan|measure)/' },
      to: { path: 'node_modules/(@aws-sdk|aws-|@influxdata|mqtt)' },
    },
    {
      name: 'functions-are-composition-roots',
      comment: 'what runs on Lambda knows nothing of the embedded default or the CLI',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^src/(embedded|cli)/|^scripts/' },
    },
    {
      name: 'nobody-imports-the-roots',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(functions|scripts|test)/' },
    },
    {
      name: 'only-the-cli-imports-the-cli',
      severity: 'error',
      from: { path: '^(src/(?!cli|library)|functions)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pages-run-in-a-browser',
      comment: 'what the live page runs is served as it is: no node: built-ins, no packages, pure rooms only',
      severity: 'error',
      from: { path: '^src/ui/page/' },
      to: { path: '^(src|functions|scripts)/', pathNot: '^src/(cli/ui/page|report|measure|plan|profile)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(src|functions)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'unknown', 'undetermined'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'a file nobody would miss',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/library' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
