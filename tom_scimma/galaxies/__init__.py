"""Galaxies: catalogues on disk, and which of their galaxies may host an event.

One step a file:

    layouts   what columns a catalogue's file has, and what they mean
    readers   1 file -> blocks of columns, from any place in it
    normal    2 block -> rows in the normal form: units, sentinels, distance errors
    store     3 rows -> the database, resumable; the change from one edition to the next
    sheet     4 rows -> the column file that everything fast reads
    light     magnitudes, solar luminosities, and how complete a catalogue is
    ranking   sky map + column file -> galaxies by 3D probability times weight
    hosts     position + error + column file -> possible hosts with their chance-coincidence probability
    event     an event as a person may see it -> its galaxies
    making    chosen galaxies -> TOM targets

layouts, readers, normal, sheet, light, ranking and hosts are pure: no Django.
"""
