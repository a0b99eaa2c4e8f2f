//! Configurations as people write them, rightly and wrongly.
