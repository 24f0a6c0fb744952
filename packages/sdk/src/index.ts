export * from './Errors.ts'
