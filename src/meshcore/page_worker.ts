/** Entry of the thread that answers the status page from a MeshCore database. @module */
import { servePage } from "../storage/page_thread.ts";
import { meshcorePageQueries } from "./page_queries.ts";

servePage(meshcorePageQueries);
