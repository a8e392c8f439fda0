/** Entry of the thread that answers the status page from a Meshtastic database. @module */
import { servePage } from "../storage/page_thread.ts";
import { MeshtasticPageQueries } from "./page_queries.ts";
import { loadProtobuf } from "./protobuf.ts";

servePage(new MeshtasticPageQueries(loadProtobuf));
