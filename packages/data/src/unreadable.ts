import { DatafreeError } from '@datafree/plugin';

/** The error for a file or folder that is there but could not be read. @param cause what Node.js threw */
export function unreadable(path: string, cause: unknown): DatafreeError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM';
  return new DatafreeError(
    'file-unreadable',
    `${path} cannot be read: ${denied ? 'there is no permission' : message}.`,
    {
      path,
      hint: denied
        ? 'Change the permissions of the file and of the folders above it, or run this as another user.'
        : 'Check the disk, or copy the file to another place.',
      cause,
    },
  );
}
