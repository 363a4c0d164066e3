//! Watermarks and subtitles: values, and what goes with what.

use opmill_ops::{CommandError, ObjectRef};

use crate::parameters::Row;
use crate::{pipeline, refusal};

pub const ROWS: &[Row] = &[
    Row {
        base: "avthumb/mp4",
        name: "wmImage2",
        good: &[
            ("dGVzdDoxLnBuZw==", "dGVzdDoxLnBuZw=="),
            ("6KeG6aKRLzEucG5n", "6KeG6aKRLzEucG5n"),
            ("dGVzdDoxLnBuZw", "dGVzdDoxLnBuZw=="),
            ("test:1.png", "dGVzdDoxLnBuZw=="),
            (
                "dGVzdDoxLnBuZw==,dGVzdDphOmIubXA0",
                "dGVzdDoxLnBuZw==,dGVzdDphOmIubXA0",
            ),
            (
                "dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox",
                "dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox",
            ),
        ],
        bad: &[
            "1.png",
            "dGVzdDo=",
            "dGVzdDouLi8xLnBuZw==",
            "YmFkIGJ1Y2tldDoxLnBuZw==",
            "_zox",
            "dGVzdDoxLnBuZw==,",
            "dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox,dDox",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmGravity",
        good: &[
            ("TOP_LEFT", "TOP_LEFT"),
            ("TOP_CENTER", "TOP_CENTER"),
            ("TOP_RIGHT", "TOP_RIGHT"),
            ("CENTER_LEFT", "CENTER_LEFT"),
            ("CENTER", "CENTER"),
            ("CENTER_RIGHT", "CENTER_RIGHT"),
            ("BOTTOM_LEFT", "BOTTOM_LEFT"),
            ("BOTTOM_CENTER", "BOTTOM_CENTER"),
            ("BOTTOM_RIGHT", "BOTTOM_RIGHT"),
            ("NorthWest", "TOP_LEFT"),
            ("North", "TOP_CENTER"),
            ("NorthEast", "TOP_RIGHT"),
            ("West", "CENTER_LEFT"),
            ("Center", "CENTER"),
            ("East", "CENTER_RIGHT"),
            ("SouthWest", "BOTTOM_LEFT"),
            ("South", "BOTTOM_CENTER"),
            ("SouthEast", "BOTTOM_RIGHT"),
        ],
        bad: &["top_left", "LEFT", "TOP_LEFT,", "1", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==,dGVzdDoyLnBuZw==",
        name: "wmGravity",
        good: &[
            ("TOP_LEFT", "TOP_LEFT"),
            ("TOP_LEFT,BOTTOM_RIGHT", "TOP_LEFT,BOTTOM_RIGHT"),
            ("North,South", "TOP_CENTER,BOTTOM_CENTER"),
        ],
        bad: &["TOP_LEFT,LEFT"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmdx",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==,dGVzdDoyLnBuZw==",
        name: "wmdx",
        good: &[("5", "5"), ("5,-5", "5,-5")],
        bad: &["5,", "5,3841"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmdy",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==,dGVzdDoyLnBuZw==",
        name: "wmdy",
        good: &[("5", "5"), ("5,-5", "5,-5")],
        bad: &["5,", "5,3841"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmOffsetX",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmOffsetY",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmauto",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "yes"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmWidth",
        good: &[("1", "1"), ("120", "120"), ("3840", "3840")],
        bad: &["0", "3841", "-5", "12.5", "65537", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmHeight",
        good: &[("1", "1"), ("120", "120"), ("3840", "3840")],
        bad: &["0", "3841", "-5", "12.5", "65537", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmDissolve",
        good: &[("1", "1"), ("50", "50"), ("100", "100")],
        bad: &["0", "101", "-5", "50.5", "257", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmImage2/dGVzdDoxLnBuZw==",
        name: "wmInterval",
        good: &[
            ("0.1", "0.1"),
            ("5", "5"),
            ("2.5", "2.5"),
            ("86400", "86400"),
        ],
        bad: &["0", "0.099", "86400.001", "-1", "1.0001", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmTextInterval",
        good: &[
            ("0.1", "0.1"),
            ("5", "5"),
            ("2.5", "2.5"),
            ("86400", "86400"),
        ],
        bad: &["0", "0.099", "86400.001", "-1", "1.0001", "abc"],
    },
    Row {
        base: "avthumb/mp4",
        name: "wmText",
        good: &[
            ("wqkgMjAyNQ==", "wqkgMjAyNQ=="),
            ("YQpi", "YQpi"),
            ("YQ0KYg==", "YQpi"),
            ("J1w6W107LCV7fXtcYjF9", "J1w6W107LCV7fXtcYjF9"),
            (
                "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==",
                "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==",
            ),
        ],
        bad: &[
            "IAog",
            "YQli",
            "YQBi",
            "YQ1i",
            "__4=",
            "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFont",
        good: &[
            ("RGVqYVZ1IFNhbnM=", "RGVqYVZ1IFNhbnM="),
            ("6buR5L2T", "6buR5L2T"),
            ("IEFyaWFsIA==", "QXJpYWw="),
        ],
        bad: &[
            "IA==",
            "YQpi",
            "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFontColor",
        good: &[
            ("cmVk", "I0ZGMDAwMA=="),
            ("UkVE", "I0ZGMDAwMA=="),
            ("I2ZmODAwMA==", "I0ZGODAwMA=="),
            ("I0ZGRkZGRg==", "I0ZGRkZGRg=="),
        ],
        bad: &[
            "aW5mcmFyZWQ=",
            "I0ZGRg==",
            "I0dHR0dHRw==",
            "RkYwMDAw",
            "red",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==/wmFontBorderWidth/2",
        name: "wmFontBorderColor",
        good: &[
            ("cmVk", "I0ZGMDAwMA=="),
            ("UkVE", "I0ZGMDAwMA=="),
            ("I2ZmODAwMA==", "I0ZGODAwMA=="),
            ("I0ZGRkZGRg==", "I0ZGRkZGRg=="),
        ],
        bad: &[
            "aW5mcmFyZWQ=",
            "I0ZGRg==",
            "I0dHR0dHRw==",
            "RkYwMDAw",
            "red",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFontSize",
        good: &[("4", "4"), ("30", "30"), ("500", "500")],
        bad: &["3", "501", "-4", "30.5", "65566", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFontDissolve",
        good: &[("1", "1"), ("50", "50"), ("100", "100")],
        bad: &["0", "101", "-5", "50.5", "257", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFontBorderWidth",
        good: &[("0", "0"), ("2", "2"), ("20", "20")],
        bad: &["21", "-1", "1.5", "258", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmFontBold",
        good: &[("1", "1"), ("0", "-")],
        bad: &["2", "bold"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmTextGravity",
        good: &[
            ("TOP_LEFT", "TOP_LEFT"),
            ("TOP_CENTER", "TOP_CENTER"),
            ("TOP_RIGHT", "TOP_RIGHT"),
            ("CENTER_LEFT", "CENTER_LEFT"),
            ("CENTER", "CENTER"),
            ("CENTER_RIGHT", "CENTER_RIGHT"),
            ("BOTTOM_LEFT", "BOTTOM_LEFT"),
            ("BOTTOM_CENTER", "BOTTOM_CENTER"),
            ("BOTTOM_RIGHT", "BOTTOM_RIGHT"),
            ("NorthWest", "TOP_LEFT"),
            ("North", "TOP_CENTER"),
            ("NorthEast", "TOP_RIGHT"),
            ("West", "CENTER_LEFT"),
            ("Center", "CENTER"),
            ("East", "CENTER_RIGHT"),
            ("SouthWest", "BOTTOM_LEFT"),
            ("South", "BOTTOM_CENTER"),
            ("SouthEast", "BOTTOM_RIGHT"),
        ],
        bad: &["top_left", "LEFT", "TOP_LEFT,TOP_RIGHT", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmtextdx",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "wmtextdy",
        good: &[
            ("0", "0"),
            ("10", "10"),
            ("007", "7"),
            ("3840", "3840"),
            ("-3840", "-3840"),
            ("-0", "0"),
        ],
        bad: &["3841", "-3841", "1.5", "+5", "--5", "-", "10px", "abc"],
    },
    Row {
        base: "avthumb/mp4/wmText/wqkgMjAyNQ==",
        name: "multiConvertTime",
        good: &[
            ("5", "5"),
            ("5,20.5,60", "5,20.5,60"),
            ("05", "5"),
            (
                "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32",
                "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32",
            ),
        ],
        bad: &[
            "0",
            "0,5",
            "5,5",
            "5,4",
            "5,",
            "-5",
            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33",
            "1.0001",
            "abc",
        ],
    },
    Row {
        base: "avthumb/mp4",
        name: "subtitle",
        good: &[
            ("dGVzdDoxLnNydA==", "dGVzdDoxLnNydA=="),
            ("embed", "embed"),
            ("dGVzdDoxLnNydA", "dGVzdDoxLnNydA=="),
            ("test:1.srt", "dGVzdDoxLnNydA=="),
            (
                "dGVzdDoxLnNydA==,embed,YS5ta3Y=",
                "dGVzdDoxLnNydA==,embed,YS5ta3Y=",
            ),
            (
                "embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed",
                "embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed",
            ),
        ],
        bad: &[
            "Embed",
            "dGVzdDo=",
            "dGVzdDouLi8xLnNydA==",
            "dGVzdDoxLnNydA==,",
            "embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed,embed",
            "%%%",
        ],
    },
    Row {
        base: "avthumb/mp4/subtitle/dGVzdDoxLnNydA==",
        name: "subtitleType",
        good: &[("0", "0"), ("1", "1"), ("2", "2")],
        bad: &["3", "-1", "soft"],
    },
    Row {
        base: "avthumb/mp4/subtitle/dGVzdDoxLnNydA==",
        name: "subtitleAttr",
        good: &[
            (
                "bGFuZz1lbixuYW1lPUVuZ2xpc2g=",
                "bGFuZz1lbixuYW1lPUVuZ2xpc2g=",
            ),
            (
                "bmFtZT1FbmdsaXNoLGxhbmc9ZW4=",
                "bGFuZz1lbixuYW1lPUVuZ2xpc2g=",
            ),
            ("bGFuZz16aC1DTg==", "bGFuZz16aC1DTg=="),
            ("bmFtZT1BLCBiPWMsICdbXTs=", "bmFtZT1BLCBiPWMsICdbXTs="),
            ("bGFuZz1jaGk=", "bGFuZz1jaGk="),
        ],
        bad: &[
            "bGFuZz1lbmdsaXNo",
            "bGFuZz1l",
            "bGFuZz0sbmFtZT14",
            "bGFuZz1lbixuYW1lPQ==",
            "RW5nbGlzaA==",
            "bGFuZz1lbixuYW1lPWEKYg==",
            "bGFuZz1lbiw=",
            "bGFuZz1lbjtuYW1lPXg=",
            "bmFtZT14eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==",
            "en",
            "%%%",
        ],
    },
];

/// The command, the parameter in the way as given, what it is in the way of.
const CONFLICTS: &[(&str, &str, &str)] = &[
    ("avthumb/mp3/wmImage2/a:b", "wmImage2/a:b", "mp3"),
    ("avthumb/aac/wmText/YQ==", "wmText/YQ==", "aac"),
    ("avthumb/mp3/subtitle/a:b", "subtitle/a:b", "mp3"),
    ("avthumb/mp4/vn/1/wmImage2/a:b", "wmImage2/a:b", "vn/1"),
    ("avthumb/mp4/wmText/YQ==/vn/1", "wmText/YQ==", "vn/1"),
    (
        "avthumb/mp4/vcodec/copy/wmImage2/a:b",
        "wmImage2/a:b",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/wmText/YQ==/vcodec/copy",
        "wmText/YQ==",
        "vcodec/copy",
    ),
    (
        "avthumb/mp4/vcodec/copy/subtitle/a:b/subtitleType/2",
        "subtitle/a:b",
        "vcodec/copy",
    ),
    (
        "avthumb/flv/vcodec/copy/subtitle/a:b",
        "subtitle/a:b",
        "vcodec/copy",
    ),
    ("avthumb/ts/vn/1/subtitle/a:b", "subtitle/a:b", "vn/1"),
    (
        "avthumb/mp4/vn/1/subtitle/a:b/subtitleType/2",
        "subtitle/a:b",
        "vn/1",
    ),
    (
        "avthumb/FLV/subtitle/a:b/subtitleType/1",
        "subtitleType/1",
        "FLV",
    ),
    (
        "avthumb/ts/subtitle/a:b/subtitleType/1",
        "subtitleType/1",
        "ts",
    ),
    (
        "avthumb/mp4/subtitle/a:b,embed/subtitleAttr/bGFuZz1lbg==",
        "subtitleAttr/bGFuZz1lbg==",
        "subtitle/a:b,embed",
    ),
    (
        "avthumb/mp4/subtitleAttr/bGFuZz1lbg==,bGFuZz1lbg==/subtitle/a:b",
        "subtitleAttr/bGFuZz1lbg==,bGFuZz1lbg==",
        "subtitle/a:b",
    ),
    (
        "avthumb/mp4/wmImage2/a:b,a:c,a:d/wmGravity/TOP_LEFT,CENTER",
        "wmGravity/TOP_LEFT,CENTER",
        "wmImage2/a:b,a:c,a:d",
    ),
    (
        "avthumb/mp4/wmImage2/a:b/wmdx/1,2",
        "wmdx/1,2",
        "wmImage2/a:b",
    ),
    (
        "avthumb/mp4/wmImage2/a:b/wmdy/1,2",
        "wmdy/1,2",
        "wmImage2/a:b",
    ),
    (
        "avthumb/mp4/wmImage2/a:b/wmInterval/5/multiConvertTime/5",
        "wmInterval/5",
        "multiConvertTime/5",
    ),
    (
        "avthumb/mp4/wmText/YQ==/multiConvertTime/5/wmTextInterval/5",
        "wmTextInterval/5",
        "multiConvertTime/5",
    ),
];

#[test]
fn what_excludes_each_other_is_refused() {
    for (text, in_the_way, of) in CONFLICTS {
        match refusal(text) {
            CommandError::Conflict {
                span, given, with, ..
            } => {
                assert_eq!(
                    (given.as_str(), with.as_str()),
                    (*in_the_way, *of),
                    "{text}"
                );
                assert_eq!(&text[span.start..span.end], *in_the_way, "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

#[test]
fn what_is_about_nothing_is_refused() {
    let about_pictures = [
        "wmGravity/CENTER",
        "wmdx/1",
        "wmdy/1",
        "wmOffsetX/1",
        "wmOffsetY/1",
        "wmauto/1",
        "wmWidth/9",
        "wmHeight/9",
        "wmDissolve/50",
        "wmInterval/5",
    ];
    let about_text = [
        "wmFont/QXJpYWw=",
        "wmFontColor/cmVk",
        "wmFontSize/30",
        "wmFontDissolve/50",
        "wmFontBorderWidth/2",
        "wmFontBold/1",
        "wmTextGravity/CENTER",
        "wmtextdx/1",
        "wmtextdy/1",
        "wmTextInterval/5",
    ];
    let pictures = about_pictures.map(|parameter| (parameter, "wmText/YQ==", "`wmImage2`"));
    let text = about_text.map(|parameter| (parameter, "wmImage2/a:b", "`wmText`"));
    let others = [
        (
            "wmFontBorderColor/cmVk",
            "wmText/YQ==",
            "`wmFontBorderWidth`",
        ),
        ("multiConvertTime/5", "vb/1m", "`wmImage2` or `wmText`"),
        ("subtitleType/1", "vb/1m", "`subtitle`"),
        ("subtitleAttr/bGFuZz1lbg==", "vb/1m", "`subtitle`"),
    ];
    for (parameter, beside, needs) in pictures.into_iter().chain(text).chain(others) {
        let text = format!("avthumb/mp4/{beside}/{parameter}");
        match refusal(&text) {
            CommandError::Missing { span, what, .. } => {
                assert_eq!(&text[span.start..span.end], parameter, "{text}");
                assert_eq!(what, format!("{needs} beside `{parameter}`"), "{text}");
            }
            other => panic!("{text} is refused with {other}"),
        }
    }
}

/// Neighbours of the conflicts that are none.
#[test]
fn what_goes_together_is_accepted() {
    for text in [
        "avthumb/mp4/vcodec/copy/subtitle/dGVzdDoxLnNydA==",
        "avthumb/mp4/vcodec/copy/subtitle/embed/subtitleType/1",
        "avthumb/mkv/vn/1/subtitle/embed",
        "avthumb/flv/subtitle/embed/subtitleType/2",
        "avthumb/flv/subtitle/embed/subtitleType/0",
        "avthumb/mp4/wmImage2/YTpi,YTpj/wmGravity/TOP_LEFT/wmdx/1,2/wmdy/5",
        "avthumb/mp4/wmText/YQ==/wmTextInterval/5",
        "avthumb/mp4/wmImage2/YTpi/wmInterval/5/wmText/YQ==/wmTextInterval/2.5",
        "avthumb/mp4/wmImage2/YTpi/wmText/YQ==/multiConvertTime/1,2",
    ] {
        assert_eq!(pipeline(text).to_string(), text);
    }
    // A flag that is off is as good as absent.
    for (text, printed) in [
        ("avthumb/mp4/wmauto/0", "avthumb/mp4"),
        ("avthumb/mp4/wmFontBold/0", "avthumb/mp4"),
        ("avthumb/mp4/vn/0/wmText/YQ==", "avthumb/mp4/wmText/YQ=="),
    ] {
        assert_eq!(pipeline(text).to_string(), printed);
    }
}

#[test]
fn a_command_tells_which_objects_it_reads() {
    let pipeline = pipeline(
        "avthumb/mp4/wmImage2/bkt:logo.png,YS5wbmc=/subtitle/bkt:1.srt,embed,bkt:logo.png",
    );
    let names: Vec<String> = pipeline
        .objects()
        .into_iter()
        .map(ObjectRef::to_string)
        .collect();
    assert_eq!(names, ["bkt:1.srt", "bkt:logo.png", "a.png"]);
}
