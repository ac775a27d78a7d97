# The group of each channel over epochs: a row of panels for each normalizer, a column for each of some layers, one
# rectangle for as long as a channel stays in its group; channels that end in one group stand together.
# Called with: columns, output, terminal, titles of the rows, of the columns, label of the abscissa, of the ordinate,
# foot line, style file. Titles are quoted words.
columns = ARG1
terminal_name = ARG3
row_titles = ARG4
column_titles = ARG5
x_label = ARG6
y_label = ARG7
foot = ARG8
rows = words(row_titles)
layers = words(column_titles)
height = 1.0 + 1.75*rows
call ARG9 ARG2 ARG3 "8" sprintf("%g", height)

stats columns using 2 nooutput
last = STATS_max
groups = "#4477AA #EE6677 #228833 #CCBB44 #66CCEE #AA3377 #BBBBBB #332288 #999933 #882255 #44AA99 #DDCC77 #117733 #CC6677 #88CCEE #AA4499"
hex(text) = int("0x".text[2:7])
rgb(g) = hex(word(groups, (int(g) - 1)%words(groups) + 1))
unset key
set style fill solid noborder
set xrange [-0.5:last]
set xtics font ",9" offset 0,0.4
set ytics font ",9"
unset grid
if (terminal_name eq "dumb") {
    set title word(row_titles, 1)
    set label 1 foot at screen 0.02,0.02
    set xlabel x_label
    set ylabel y_label
    plot columns index 0 using (($1+$2)/2):3:4 with labels
} else {
    set multiplot
    set label 1 foot at screen 0.99,0.16/height right noenhanced font ",8" textcolor rgb "#777777"
    left(c) = (0.6 + c*7.35/layers)/8.0
    top(r) = 1 - (0.5 + r*1.75)/height
    do for [p=0:rows*layers-1] {
        r = p/layers
        c = p%layers
        set lmargin at screen left(c)
        set rmargin at screen left(c) + (7.35/layers - 0.4)/8.0
        set tmargin at screen top(r)
        set bmargin at screen top(r) - 1.25/height
        if (c == 0) { set label 2 word(row_titles, r+1) at graph 0,1.09 left noenhanced font ",9" } else { unset label 2 }
        if (r == 0) { set label 3 word(column_titles, c+1) at graph 0,1.24 left noenhanced font ",8" textcolor rgb "#555555" } else { unset label 3 }
        if (r == rows-1) { set xlabel x_label font ",10" offset 0,0.8 } else { unset xlabel }
        if (c == 0) { set ylabel y_label font ",9" offset 1 } else { unset ylabel }
        set format x (r == rows-1 ? "%g" : "")
        set autoscale y
        stats columns index p using 3 nooutput
        set yrange [-0.5:STATS_max+0.5]
        plot columns index p using (($1+$2)/2):3:1:2:($3-0.5):($3+0.5):(rgb($4)) with boxxyerror lc rgb variable
        unset label 1
    }
    unset multiplot
}
