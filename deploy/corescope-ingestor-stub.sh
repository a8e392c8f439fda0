#!/bin/sh
# Stands where CoreScope's ingestor is in its container, and does nothing: its supervisord has no switch
# for the ingestor, and would start it again and again. meshcapture writes the database instead.
exec tail -f /dev/null
