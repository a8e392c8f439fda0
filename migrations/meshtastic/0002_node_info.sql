-- One row a node. Malla's columns with its types, then those that meshpipe adds.
CREATE TABLE IF NOT EXISTS node_info (
  node_id INTEGER PRIMARY KEY, -- number of the node
  hex_id TEXT, -- the same as !%08x
  long_name TEXT, -- its name
  short_name TEXT, -- its name of up to four characters
  hw_model TEXT, -- hardware, by enum name; Unknown where the node does not say
  role TEXT, -- role, by enum name, such as CLIENT or ROUTER
  primary_channel TEXT, -- channel on which its NODEINFO was heard last
  is_licensed BOOLEAN, -- 1 for a licensed amateur, whose packets are not encrypted
  mac_address TEXT, -- hardware address, from older firmware
  first_seen REAL NOT NULL, -- when it was heard of first, seconds since the epoch
  last_updated REAL NOT NULL, -- when this row changed last, seconds since the epoch
  user_id TEXT, -- the id that the node itself gives
  hw_model_name TEXT, -- hw_model, for meshpipe's readers
  role_name TEXT, -- role, for meshpipe's readers
  snr REAL, -- signal to noise that came with it, dB
  last_heard INTEGER, -- when it was heard last, seconds since the epoch
  via_mqtt INTEGER, -- 1 where it was heard over MQTT
  channel INTEGER, -- index of the channel on which it was heard
  hops_away INTEGER, -- hops from the gateway that heard it
  is_favorite INTEGER, -- not told over MQTT; meshpipe's column
  is_ignored INTEGER, -- not told over MQTT; meshpipe's column
  is_key_verified INTEGER, -- not told over MQTT; meshpipe's column
  region TEXT, -- radio region, by enum name, from its MapReport
  region_name TEXT, -- region, for meshpipe's readers
  firmware_version TEXT, -- from its MapReport
  modem_preset TEXT, -- modem preset, by enum name, from its MapReport
  modem_preset_name TEXT -- modem_preset, for meshpipe's readers
);
