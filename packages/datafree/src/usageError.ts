import { DatafreeError, type ErrorDetails } from '@datafree/plugin';

/** A command line that says too little or names what is not there. */
export class UsageError extends DatafreeError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('option-invalid', message, details);
  }
}
