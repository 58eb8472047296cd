import { defineErrors } from './define.ts';

/** Workspaces, storage paths and landing. */
export const STORAGE_ERRORS = defineErrors({
  STORAGE_NO_PATH: {
    severity: 'temporary',
    message: 'No storage path can take {bytes} bytes for miner {miner}: {detail}',
    cure: 'Add a storage path or free space; landing is tried again with back-off.',
  },
  STORAGE_NO_SPACE: {
    severity: 'temporary',
    message: 'No space left at {path}',
    cure: 'Free space there or add another path; the step is tried again.',
  },
  STORAGE_STALLED: {
    severity: 'temporary',
    message: '{what} at {path} did not answer within {ms} ms',
    cure: 'Check the mount and the server behind it; the step is tried again.',
  },
  STORAGE_IO: {
    severity: 'temporary',
    message: 'Reading or writing {path} failed: {detail}',
    cure: 'Check the disk or mount; the step is tried again.',
  },
  STORAGE_READ_ONLY: {
    severity: 'temporary',
    message: '{path} cannot be written: {detail}',
    cure: 'Check the mount options and who owns the folder.',
  },
  STORAGE_COPY_DIFFERS: {
    severity: 'temporary',
    message: 'The copy at {path} reads back with another digest than was written',
    cure: 'It was removed and is copied again. If it returns, the disk, its cable or this machine’s memory is bad.',
  },
  STORAGE_SOURCE_CHANGED: {
    severity: 'temporary',
    message: '{path} changed while it was copied',
    cure: 'It is copied again; nobody but BeePro may write in the workspace.',
  },
  STORAGE_FILE_MISSING: {
    severity: 'permanent',
    message: 'There is no file {path}',
    cure: 'Check that the storage is mounted at its path.',
  },
  STORAGE_UNKNOWN_PATH: {
    severity: 'permanent',
    message: 'A landed file lies on storage path {id}, which is not known here',
    cure: 'Add the storage path again under the same name.',
  },
});
