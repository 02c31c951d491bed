/**
 * The floors of src (drawn in src/README.md), from the top: a file imports from its own floor and from those below it.
 * Imports of types count too. Nobody below `models` can tell models apart by `instanceof`, having no class to do it with.
 */
const FLOORS = [
  { name: 'the entries', path: '^src/(index|sync)[.]ts$|^src/(node|client|worker|bullmq|machines)/' },
  { name: 'compat', path: '^src/compat/' },
  { name: 'api', path: '^src/api/' },
  { name: 'models', path: '^src/models/' },
  { name: 'streams', path: '^src/streams/' },
  { name: 'mixture', path: '^src/mixture/' },
  { name: 'kmeans', path: '^src/kmeans/' },
  { name: 'placement', path: '^src/(methods|defaults|placement|dataset|reading|home|calling-thread|shard)[.]ts$' },
  { name: 'the engines', path: '^src/(gpu|cpu)/' },
  { name: 'engine', path: '^src/engine/' },
  {
    name: 'the ground',
    path: '^src/(survey|unread|range|points|tree|forms|device-points|device-features|frame|metric|steps|turns|thread|check|random|errors|proxies|globals)[.]ts$',
  },
];

/** The kernels are AssemblyScript: TypeScript has only what they are compiled to, and the layouts that both read. */
const ASSEMBLY_SCRIPT = '^src/cpu/kernels/(?!.*/layout[.]ts$)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...FLOORS.slice(1).map(({ name, path }, i) => ({
      name: `${name} must not know what is above`,
      severity: 'error',
      from: { path },
      to: { path: FLOORS.slice(0, i + 1).map((floor) => floor.path) },
    })),
    {
      name: 'the algorithms must not know where they run',
      comment:
        'mixture and kmeans ask a dataset of the contract in src/engine: no engine by name, no threads, no placement.',
      severity: 'error',
      from: { path: '^src/(mixture|kmeans)/' },
      to: { path: '^src/(gpu|cpu)/|^src/(methods|defaults|placement|dataset|reading|home|calling-thread)[.]ts$' },
    },
    {
      name: 'gpu and cpu must not know each other',
      severity: 'error',
      from: { path: '^src/(gpu|cpu)/' },
      to: { path: '^src/(gpu|cpu)/', pathNot: '^src/$1/' },
    },
    {
      name: 'only placement and the calling thread know engines by name',
      comment:
        'So does the script of workers, which is that of the threads of the CPU engine too. What runs fits and the methods of models is handed to them by src/methods.ts, src/defaults.ts and src/placement.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(gpu|cpu)/|^src/(placement|calling-thread|worker/index)[.]ts$' },
      to: { path: '^src/(gpu|cpu)/|^shaders/' },
    },
    {
      name: 'src must not know its users',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|demo|data)/' },
    },
    {
      name: 'src has no dependencies',
      comment: 'The package installs nothing. Entries for Node load optional ones: "webgpu", "hyparquet" and "bullmq".',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(node|machines|bullmq)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'src runs in pages',
      comment:
        'What only Node has is asked for by process.getBuiltinModule, where there is a process. Shards have a process of Node alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(machines|bullmq)/' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no circles, but for that of the two models',
      severity: 'error',
      from: { pathNot: '^src/models/(kmeans|gaussian-mixture)-model[.]ts$' },
      to: { circular: true },
    },
    {
      name: 'no file is on no floor',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/', pathNot: [...FLOORS.map(({ path }) => path), '^shaders/'] },
    },
    {
      name: 'what is imported exists',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ASSEMBLY_SCRIPT },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.d.ts', '.wgsl'] },
  },
};
