export { chooseStoragePath, type PathCandidate, type PathChoice, type SpaceNeed } from './choose-path.ts';
export {
  type CopiedFile,
  type CopyOptions,
  copyFile,
  finishCopy,
  hashFile,
  verifyCopy,
} from './copy-file.ts';
export { type DiskSpace, diskSpace, localDiskSpace } from './disk-space.ts';
export { storageError, withStallLimit } from './file-errors.ts';
export { folderUse } from './folder-use.ts';
export { type LandedRecord, type LandedSector, locateLanded } from './landed-sector.ts';
export {
  type LandedKind,
  type LandingFile,
  landFiles,
  landingFolder,
  listLandingFiles,
  listOrphanLandings,
  removeLanding,
  type VerifiedFile,
} from './landing.ts';
export { isProvingCacheFile, type SectorFile, Workspace } from './workspace.ts';
