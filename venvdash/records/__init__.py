"""What venvdash remembers: a sidecar in each environment, and an index outside them.

``sidecar`` reads and writes the file in the environment, ``index`` the database in the user's
state folder, ``identity`` says which record applies to which environment, ``merge`` joins two
records of one environment and says what of them is worth writing. ``answers`` has which
environment each name means, for commands that shells ask.
"""
