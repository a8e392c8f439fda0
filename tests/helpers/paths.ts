/** Paths of the project's own files, for tests. @module */
export { fileURLToPath as fromFileUrl } from "node:url";
