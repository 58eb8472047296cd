export {
  DEFAULT_FOLDER,
  FOLDER_VARIABLE,
  type FolderSurroundings,
  type ParameterFolder,
  resolveParameterFolder,
} from './cache-folder.ts';
export type { CircuitKind } from './circuit-kind.ts';
export { classify, type FileFacts, type ParameterState } from './classify.ts';
export { digestFile } from './digest.ts';
export { type FetchedFiles, type FetchFilesOptions, fetchFiles } from './fetch.ts';
export { DEFAULT_GATEWAY } from './gateway.ts';
export { type InspectedFile, type InspectOptions, inspectFiles } from './inspect.ts';
export {
  allParameterSets,
  findParameterFile,
  GENERATED_SIZES,
  knownBytes,
  type Needs,
  neededFiles,
  neededSets,
  PARAMETER_KINDS,
  type ParameterFile,
  type ParameterKind,
  type ParameterSet,
} from './parameter-set.ts';
export {
  judge,
  type ProofNetwork,
  proofNetwork,
  requireUsable,
  type TrustRecord,
  usesCeremony,
  type Verdict,
} from './policy.ts';
export { removeFile } from './remove.ts';
export { canGenerate, type GenerateOptions, type GenerationProgress, generateSet } from './sealer-params.ts';
export { planSet, type SetPlan, type SetUpEvent, type SetUpOptions, setUpParameters } from './set-up.ts';
export { type TrustStore, trustFile } from './trust.ts';
