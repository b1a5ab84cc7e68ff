"""What we add to an Airflow: what all DAGs share, pools, the words for ops when a run fails or is late, and the plugin."""

WEB = "/portalwatch/"
"""Where the plugin hangs our pages into Airflow's."""
